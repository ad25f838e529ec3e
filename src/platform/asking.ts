import type { CommandResult, Machine } from '../machine/machine.ts'

/**
 * What a command answers, whatever its exit code; undefined when it is not installed, can't be started or takes too
 * long. For evidence that a machine may or may not be able to give.
 */
export const answerOf = async (machine: Machine, argv: readonly string[]): Promise<CommandResult | undefined> => {
  const [command = ''] = argv
  if (!command.startsWith('/') && machine.which(command) === undefined) return undefined
  try {
    return await machine.ask(argv, { allowedExitCodes: 'any', timeoutSeconds: 10 })
  } catch {
    return undefined
  }
}

/** The first line of a file without the blanks around it; undefined when there is no such file or it can't be read. */
export const firstLineOf = (machine: Machine, path: string): string | undefined => {
  try {
    return machine.files.readTextIfExists(path)?.split('\n', 1)[0]?.trim()
  } catch {
    return undefined
  }
}

/** True when there is a regular file (or a link to one). */
export const isFile = (machine: Machine, path: string): boolean => machine.files.stat(path)?.type === 'file'

/** True when there is a folder (or a link to one). */
export const isFolder = (machine: Machine, path: string): boolean => machine.files.stat(path)?.type === 'folder'
