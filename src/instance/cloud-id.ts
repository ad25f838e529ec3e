import { posix } from 'node:path'
import { FileError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { canonicalCloudId } from './instance-v1.ts'
import type { Paths } from './paths.ts'
import { pythonJson } from './python-json.ts'
import { readInstanceData } from './variables.ts'

export interface CloudIdQuestion {
  /** All of the standard keys as JSON. */
  readonly json?: boolean
  /** Id and region. */
  readonly long?: boolean
  /** Folder from which a relative path counts. */
  readonly folder: string
  readonly instanceDataFile?: string
  /** How far the boot is: `disabled` and `not started` are answers of their own. */
  readonly state: string
}

export interface CloudIdAnswer {
  /** 0 known, 1 error, 2 disabled, 3 not run yet: cloud-init's. */
  readonly exitCode: number
  /** To print, with a line end added. */
  readonly output?: string
}

/** Answers `cloud-id`. That there is no instance data is told in the log. */
export const answerCloudId = (
  machine: Machine,
  paths: Paths,
  { json, long, folder, instanceDataFile, state }: CloudIdQuestion,
  log: Log,
): CloudIdAnswer => {
  if (state === 'disabled') return { exitCode: 2, output: 'disabled' }
  if (state === 'not started') return { exitCode: 3, output: 'not run' }
  const file = instanceDataFile ?? `${paths.run}/instance-data.json`
  const data = read(machine, file.startsWith('/') ? file : posix.join(folder, file), file, log)
  if (data === undefined) return { exitCode: 1 }
  const v1 = objectAt(data, 'v1')
  const cloudName = textAt(v1, 'cloud_name') ?? 'unknown'
  const region = v1['region'] === undefined ? 'unknown' : v1['region']
  const platform = textAt(v1, 'platform') ?? 'unknown'
  const cloudId = canonicalCloudId(cloudName, platform, typeof region === 'string' ? region : undefined)
  if (json) {
    log.deprecated('Use: cloud-init query v1')
    return { exitCode: 0, output: pythonJson({ ...v1, cloud_id: cloudId }) }
  }
  return { exitCode: 0, output: long ? `${cloudId}\t${shown(region)}` : cloudId }
}

const shown = (value: Json): string => (typeof value === 'string' ? value : value === null ? 'None' : String(value))

/** @param file the path as the user wrote it */
const read = (machine: Machine, path: string, file: string, log: Log): JsonObject | undefined => {
  try {
    const data = readInstanceData(machine.files.readText(path), file)
    if (isJsonObject(data)) return data
  } catch (error) {
    const isMissing = error instanceof FileError && error.reason === 'ENOENT'
    log.error(
      isMissing
        ? `File not found '${file}'. Provide a path to instance data json file using --instance-data`
        : `File '${file}' is not valid json.`,
    )
  }
  return undefined
}
