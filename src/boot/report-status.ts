import { defaultPaths, type Paths } from '../instance/paths.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { httpTime } from '../machine/time.ts'
import { type BootStatus, emptyStatus, readStatus, stageNames } from './status.ts'

export type RunState = 'not started' | 'running' | 'done' | 'error' | 'disabled'

/** What `status` tells. */
export interface StatusReport {
  readonly state: RunState
  /** As `state`, with `degraded` in front when there were recoverable errors. */
  readonly extended: string
  /** Why firstlight runs, or does not, on this machine. */
  readonly bootStatusCode: string
  /** Why, in a sentence, or the datasource. */
  readonly detail: string
  readonly datasource: string
  readonly errors: readonly string[]
  readonly recoverable: Readonly<Record<string, readonly string[]>>
  /** RFC 2822 time of the last change; empty before the first. */
  readonly lastUpdate: string
  readonly boot: BootStatus
}

/** Where one turns it off. https://docs.cloud-init.io/en/latest/howto/disable_cloud_init.html */
const disableFile = '/etc/cloud/cloud-init.disabled'

const switchedOff = (machine: Machine): { code: string; why: string } | undefined => {
  if (machine.files.exists(disableFile)) return { code: 'disabled-by-marker-file', why: `disabled by ${disableFile}` }
  const cmdline = machine.files.readTextIfExists('/proc/cmdline') ?? ''
  if (cmdline.split(/\s+/).includes('cloud-init=disabled')) {
    return { code: 'disabled-by-kernel-command-line', why: 'disabled by the kernel command line: cloud-init=disabled' }
  }
  if (machine.environment['KERNEL_CMDLINE']?.includes('cloud-init=disabled')) {
    return {
      code: 'disabled-by-environment-variable',
      why: 'disabled by the environment: KERNEL_CMDLINE=cloud-init=disabled',
    }
  }
  return undefined
}

/** Why it is on, by the notes that the generator leaves. */
const enabledCode = (machine: Machine, paths: Paths): string => {
  if (machine.files.exists(`${paths.run}/enabled`)) return 'enabled-by-generator'
  if (machine.files.exists(`${paths.run}/disabled`)) return 'disabled-by-generator'
  const cmdline = machine.files.readTextIfExists('/proc/cmdline') ?? ''
  return cmdline.includes('cloud-init=enabled') ? 'enabled-by-kernel-command-line' : 'unknown'
}

/** Reads how far the boot is and what went wrong. */
export const reportStatus = (machine: Machine, paths: Paths = defaultPaths): StatusReport => {
  const boot = readStatus(machine, paths)
  const off = boot ? undefined : switchedOff(machine)
  const code = off?.code ?? enabledCode(machine, paths)
  const known = boot ?? emptyStatus()
  const crash = machine.files.readTextIfExists(`${paths.run}/crashed`)?.trim()
  const errors = [
    ...stageNames.flatMap((name) => known.stages[name].errors),
    ...(crash === undefined ? [] : [`firstlight ended in the middle of the boot (${crash}): see cloud-init.log`]),
  ]
  const recoverable = gatherRecoverable(known)
  const state = stateOf({
    boot,
    errors,
    hasCrashed: crash !== undefined,
    isOff: off !== undefined || code === 'disabled-by-generator',
    isFinished: machine.files.exists(`${paths.run}/result.json`),
  })
  const degraded = Object.keys(recoverable).length > 0 && (state === 'done' || state === 'running')
  return {
    state,
    extended: degraded
      ? `degraded ${state}`
      : state === 'error' && crash === undefined && !machine.files.exists(`${paths.run}/result.json`)
        ? 'error - running'
        : state,
    bootStatusCode: code,
    detail: off?.why ?? known.datasource ?? (state === 'not started' ? 'firstlight has not run in this boot yet' : ''),
    datasource: datasourceName(known.datasource),
    errors,
    recoverable,
    lastUpdate: lastUpdate(known),
    boot: known,
  }
}

const stateOf = (facts: {
  boot: BootStatus | undefined
  errors: string[]
  hasCrashed: boolean
  isOff: boolean
  isFinished: boolean
}): RunState => {
  if (facts.hasCrashed) return 'error'
  if (!facts.boot) return facts.isOff ? 'disabled' : 'not started'
  if (facts.errors.length > 0) return 'error'
  return facts.isFinished ? 'done' : 'running'
}

const gatherRecoverable = (boot: BootStatus): Record<string, string[]> => {
  const gathered: Record<string, string[]> = {}
  for (const name of stageNames) {
    for (const [level, texts] of Object.entries(boot.stages[name].recoverable_errors)) {
      gathered[level] = [...(gathered[level] ?? []), ...texts]
    }
  }
  return gathered
}

/** `DataSourceNoCloud [seed=...]` is `nocloud`; a name with a pass (`DataSourceEc2Local`) loses it. */
const datasourceName = (text: string | null): string =>
  /^DataSource(\w+)/
    .exec(text ?? '')?.[1]
    ?.replace(/(Local|Net)$/, '')
    .toLowerCase() ?? ''

const lastUpdate = (boot: BootStatus): string => {
  const times = stageNames.flatMap((name) => [boot.stages[name].start ?? 0, boot.stages[name].finished ?? 0])
  const latest = Math.max(...times)
  return latest > 0 ? httpTime(latest * 1000) : ''
}

/** cloud-init's exit code: 0 well, 1 an error that stopped something, 2 recoverable errors. */
export const statusExitCode = (report: StatusReport): number => {
  if (report.state === 'error') return 1
  return report.extended.startsWith('degraded') ? 2 : 0
}

/** The keys of `status --format json`. */
export const statusAsData = (report: StatusReport): JsonObject => ({
  boot_status_code: report.bootStatusCode,
  datasource: report.datasource,
  detail: report.detail,
  errors: [...report.errors],
  extended_status: report.extended,
  ...Object.fromEntries(
    stageNames
      .filter((name) => report.boot.stages[name].start !== null)
      .map((name) => [name, { ...report.boot.stages[name] }]),
  ),
  last_update: report.lastUpdate,
  recoverable_errors: Object.fromEntries(
    Object.entries(report.recoverable).map(([level, texts]) => [level, [...texts]]),
  ),
  stage: report.boot.stage,
  status: report.state,
})
