import type { Paths } from '../instance/paths.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'

/** The four stages by cloud-init's names in status.json. */
export const stageNames = ['init-local', 'init', 'modules-config', 'modules-final'] as const
export type StageName = (typeof stageNames)[number]

/** One stage in status.json. Times are seconds since 1970, null while there is none. */
export interface StageStatus {
  errors: string[]
  recoverable_errors: Record<string, string[]>
  start: number | null
  finished: number | null
}

/** status.json, `v1`: written by every stage, read by `status` and by scripts. */
export interface BootStatus {
  datasource: string | null
  /** The stage that runs now; null between stages. */
  stage: StageName | null
  stages: Record<StageName, StageStatus>
}

const statusFile = (paths: Paths): string => `${paths.cloud}/data/status.json`
const resultFile = (paths: Paths): string => `${paths.cloud}/data/result.json`

const emptyStage = (): StageStatus => ({ errors: [], recoverable_errors: {}, start: null, finished: null })

export const emptyStatus = (): BootStatus => ({
  datasource: null,
  stage: null,
  stages: {
    'init-local': emptyStage(),
    init: emptyStage(),
    'modules-config': emptyStage(),
    'modules-final': emptyStage(),
  },
})

const readTexts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

const readTime = (value: unknown): number | null => (typeof value === 'number' ? value : null)

const readStage = (value: unknown): StageStatus => {
  if (!isJsonObject(value)) return emptyStage()
  const recoverable = isJsonObject(value['recoverable_errors']) ? value['recoverable_errors'] : {}
  return {
    errors: readTexts(value['errors']),
    recoverable_errors: Object.fromEntries(
      Object.entries(recoverable).map(([level, texts]) => [level, readTexts(texts)]),
    ),
    start: readTime(value['start']),
    finished: readTime(value['finished']),
  }
}

/** The status of this boot; undefined when no stage has started since the machine did. */
export const readStatus = (machine: Machine, paths: Paths): BootStatus | undefined => {
  const text = machine.files.readTextIfExists(`${paths.run}/status.json`)
  if (text === undefined) return undefined
  const v1 = readV1(text)
  if (!v1) return undefined
  const status = emptyStatus()
  status.datasource = typeof v1['datasource'] === 'string' ? v1['datasource'] : null
  status.stage = stageNames.find((name) => name === v1['stage']) ?? null
  for (const name of stageNames) status.stages[name] = readStage(v1[name])
  return status
}

/** A status file that a power cut left half written counts as none. */
const readV1 = (text: string): JsonObject | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return isJsonObject(parsed) && isJsonObject(parsed['v1']) ? parsed['v1'] : undefined
  } catch {
    return undefined
  }
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`

/** Writes status.json where cloud-init does: kept in `data`, with a link in `/run/cloud-init`. */
export const writeStatus = (machine: Machine, paths: Paths, status: BootStatus): void => {
  const v1 = { datasource: status.datasource, ...status.stages, stage: status.stage }
  machine.files.write(statusFile(paths), pretty({ v1 }), { mode: 0o644 })
  linkInRun(machine, paths, 'status.json', statusFile(paths))
}

/** Writes result.json: its presence says that the boot has finished. */
export const writeResult = (machine: Machine, paths: Paths, status: BootStatus): void => {
  const errors = stageNames.flatMap((name) => status.stages[name].errors)
  machine.files.write(resultFile(paths), pretty({ v1: { datasource: status.datasource, errors } }), { mode: 0o644 })
  linkInRun(machine, paths, 'result.json', resultFile(paths))
}

/** A new boot begins: what the last one said is gone. */
export const clearStatus = (machine: Machine, paths: Paths): void => {
  for (const name of ['status.json', 'result.json']) {
    machine.files.remove(`${paths.run}/${name}`)
    machine.files.remove(`${paths.cloud}/data/${name}`)
  }
}

const linkInRun = (machine: Machine, paths: Paths, name: string, target: string): void => {
  const link = `${paths.run}/${name}`
  if (machine.files.readLink(link) !== target) machine.files.symlink(target, link)
}

/**
 * Puts what the log said at DEPRECATED and above into the stage's recoverable errors, but for what its errors say
 * already: one finding is one line.
 */
export const addRecoverable = (stage: StageStatus, records: readonly LogRecord[]): void => {
  for (const { level, message } of records) {
    if (level === 'DEBUG' || level === 'INFO' || stage.errors.some((error) => error.includes(message))) continue
    const texts = stage.recoverable_errors[level] ?? []
    stage.recoverable_errors[level] = texts
    if (!texts.includes(message)) texts.push(message)
  }
}
