import { resolve } from 'node:path'
import type { CommandContext } from './command.ts'

/** The content of a file that is named on the command line; undefined when none is. @throws FileError */
export const readInputFile = async (
  context: CommandContext,
  path: string | undefined,
): Promise<Uint8Array | undefined> =>
  path === undefined ? undefined : (await context.here()).files.readBytes(resolve(path))
