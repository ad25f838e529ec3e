import { posix } from 'node:path'
import type { Paths } from '../instance/paths.ts'
import { readInstanceData, variablesOf } from '../instance/variables.ts'
import { FileError, messageOf } from '../machine/errors.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { TemplateSyntaxError } from './errors.ts'
import { describeSyntaxError, readHeader, renderOrWarn } from './render-config.ts'

/** What `render` is asked for. */
export interface RenderQuestion {
  /** Folder from which relative paths count. */
  readonly folder: string
  /** The template; messages show it as it is written here. */
  readonly file: string
  /** Read this instead of the machine's instance data. */
  readonly instanceDataFile?: string
}

/**
 * Renders a file as user-data would be. Who is not root gets the redacted instance data. undefined: it can't be done,
 * which is told in the log, in cloud-init's words.
 */
export const renderFile = (machine: Machine, paths: Paths, question: RenderQuestion, log: Log): string | undefined => {
  const { file } = question
  const instanceData = question.instanceDataFile ?? defaultInstanceData(machine, paths, log)
  const text = readOrNothing(machine, question, file)
  if (text === undefined) {
    log.error(`Missing user-data file: ${file}`)
    return undefined
  }
  try {
    if (readHeader(text).kind !== 'jinja') throw new Error("NotJinjaError('Payload is not a jinja template')")
    const stored = readVariables(machine, question, instanceData)
    readInstanceData(stored, instanceData)
    const rendered = renderOrWarn(text, file, variablesOf(stored), log)
    if (rendered === undefined || rendered === '') log.error(`Unable to render user-data file: ${file}`)
    return rendered === '' ? undefined : rendered
  } catch (error) {
    const reason = error instanceof TemplateSyntaxError ? describeSyntaxError(error, text) : messageOf(error)
    log.error(`Cannot render from instance data due to exception: ${reason}`)
    return undefined
  }
}

const absolute = ({ folder }: RenderQuestion, path: string): string =>
  path.startsWith('/') ? path : posix.join(folder, path)

const readOrNothing = (machine: Machine, question: RenderQuestion, path: string): string | undefined =>
  machine.files.readTextIfExists(absolute(question, path))

const readVariables = (machine: Machine, question: RenderQuestion, path: string): string => {
  try {
    return machine.files.readText(absolute(question, path))
  } catch (error) {
    const reason = error instanceof FileError ? error.reason : ''
    if (reason === 'EACCES') {
      throw new Error(`JinjaLoadError("Cannot render jinja template vars. No read permission on '${path}'. Try sudo")`)
    }
    if (reason === 'ENOENT') {
      throw new Error(`JinjaLoadError('Cannot render jinja template vars. Instance data not yet present at ${path}')`)
    }
    throw error
  }
}

const defaultInstanceData = (machine: Machine, paths: Paths, log: Log): string => {
  const everybody = `${paths.run}/instance-data.json`
  if (machine.userId !== 0) return everybody
  const sensitive = `${paths.run}/instance-data-sensitive.json`
  if (machine.files.exists(sensitive)) return sensitive
  log.warning(`Missing root-readable ${sensitive}. Using redacted ${everybody} instead.`)
  return everybody
}
