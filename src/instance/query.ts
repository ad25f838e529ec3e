import { posix } from 'node:path'
import { FileError, messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { instanceLink, type Paths } from './paths.ts'
import { pythonJson } from './python-json.ts'
import { aliasOf, readInstanceData, toVariables } from './variables.ts'

/** What is asked: the words of `query`. */
export interface Query {
  /** `v1.local_hostname`, with dots between levels; underscores may stand for dashes and dots in keys. */
  readonly name?: string
  /** A jinja template to fill in. */
  readonly format?: string
  readonly all?: boolean
  readonly listKeys?: boolean
  /** Folder from which relative paths count. */
  readonly folder: string
  /** Files to read in place of the machine's own; messages show them as they are written here. */
  readonly instanceDataFile?: string
  readonly userDataFile?: string
  readonly vendorDataFile?: string
}

export interface QueryAnswer {
  readonly exitCode: number
  /** To print, with a line end added; undefined: nothing. */
  readonly output?: string
  /** Nothing was asked: the help should be shown. */
  readonly showsHelp?: boolean
}

/**
 * Answers `query`, as cloud-init does. Who is not root gets the redacted copy. What goes wrong is told in the log.
 */
export const answerQuery = async (machine: Machine, paths: Paths, query: Query, log: Log): Promise<QueryAnswer> => {
  if (!query.name && !query.format && !query.all && !query.listKeys) {
    log.error('Expected one of the options: --all, --format, --list-keys or varname')
    return { exitCode: 1, showsHelp: true }
  }
  try {
    const data = await readData(machine, paths, query, log)
    if (query.format) return await formatted(data, query.format, log)
    return { exitCode: 0, output: asText(found(data, query)) }
  } catch (error) {
    log.error(messageOf(error))
    return { exitCode: 1 }
  }
}

/** Something that was asked for is not there. The message is cloud-init's: scripts look for it. */
class QueryError extends Error {}

const formatted = async (data: JsonObject, format: string, log: Log): Promise<QueryAnswer> => {
  const { renderQueryFormat } = await import('../template/render-config.ts')
  const output = renderQueryFormat(format, data, log)
  return output === undefined || output === '' ? { exitCode: 1 } : { exitCode: 0, output }
}

const asText = (value: Json): string => (typeof value === 'string' ? value : pythonJson(value))

const found = (data: JsonObject, { name, listKeys }: Query): Json => {
  const variables = toVariables(data, { aliases: false })
  const value = name ? leafOf(variables, name) : variables
  if (!listKeys) return value
  if (!isJsonObject(value)) throw new QueryError(`--list-keys provided but '${name}' is not a dict`)
  return Object.keys(value).sort().join('\n')
}

const leafOf = (variables: JsonObject, name: string): Json => {
  const walked: string[] = []
  let value: Json = variables
  for (const step of name.split('.')) {
    const next = childOf(value, step)
    if (next === undefined) {
      if (walked.length === 0) throw new QueryError(`Undefined instance-data key '${name}'`)
      throw new QueryError(`instance-data '${walked.join('.')}' has no '${step}'`)
    }
    value = next
    walked.push(step)
  }
  return value
}

const childOf = (value: Json, step: string): Json | undefined => {
  if (Array.isArray(value)) return /^[0-9]+$/.test(step) ? value[Number(step)] : undefined
  if (!isJsonObject(value)) return undefined
  if (Object.hasOwn(value, step)) return value[step]
  const key = Object.keys(value).find((candidate) => aliasOf(candidate) === step)
  return key === undefined ? undefined : value[key]
}

const readData = async (machine: Machine, paths: Paths, query: Query, log: Log): Promise<JsonObject> => {
  const isRoot = machine.userId === 0
  const file = query.instanceDataFile ?? defaultFile(machine, paths, log)
  const data = readInstanceData(readForUser(machine, absolute(query, file), file), file)
  const folder = instanceLink(paths)
  const userData = query.userDataFile ?? `${folder}/user-data.txt`
  const vendorData = query.vendorDataFile ?? `${folder}/vendor-data.txt`
  const combined = `${paths.run}/combined-cloud-config.json`
  const hidden = (path: string): string => `<redacted for non-root user> file:${path}`
  if (!isRoot) {
    return {
      ...data,
      userdata: hidden(userData),
      vendordata: hidden(vendorData),
      combined_cloud_config: hidden(combined),
    }
  }
  return {
    ...data,
    userdata: await readPossiblyGzip(machine, absolute(query, userData)),
    vendordata: await readPossiblyGzip(machine, absolute(query, vendorData)),
    combined_cloud_config: readCombined(machine, combined),
  }
}

const defaultFile = (machine: Machine, paths: Paths, log: Log): string => {
  const everybody = `${paths.run}/instance-data.json`
  if (machine.userId !== 0) return everybody
  const sensitive = `${paths.run}/instance-data-sensitive.json`
  if (machine.files.exists(sensitive)) return sensitive
  log.warning(`Missing root-readable ${sensitive}. Using redacted ${everybody} instead.`)
  return everybody
}

const absolute = ({ folder }: Query, path: string): string => (path.startsWith('/') ? path : posix.join(folder, path))

/** @param shown the path as the user wrote it */
const readForUser = (machine: Machine, path: string, shown: string): string => {
  try {
    return machine.files.readText(path)
  } catch (error) {
    const reason = error instanceof FileError ? error.reason : ''
    if (reason === 'EACCES' || reason === 'EPERM') throw new QueryError(`No read permission on '${shown}'. Try sudo`)
    if (reason === 'ENOENT') throw new QueryError(`Missing instance-data file: ${shown}`)
    throw error
  }
}

/** Largest user-data that is unpacked to be shown. */
const unpackLimit = 64 * 1024 * 1024

/** Text of user-data; of binary data its base64. */
const readPossiblyGzip = async (machine: Machine, path: string): Promise<string> => {
  const bytes = machine.files.readBytesIfExists(path) ?? new Uint8Array()
  const { isGzip, unpackGzip } = await import('../userdata/unpack-gzip.ts')
  const plain = isGzip(bytes) ? await unpackGzip(bytes, path, unpackLimit) : bytes
  const { utf8OrNothing } = await import('../machine/bytes.ts')
  return utf8OrNothing(plain) ?? Buffer.from(plain).toString('base64')
}

const readCombined = (machine: Machine, path: string): Json => {
  const text = machine.files.readTextIfExists(path)
  return text === undefined ? null : parseJson(text)
}
