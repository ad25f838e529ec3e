import { awaitDevices } from '../boot/await-devices.ts'
import type { Boot } from '../boot/boot.ts'
import { makeOutputLog, outputLogFile } from '../boot/log-file.ts'
import { namesConfigUrl, type OpenOptions, openBoot } from '../boot/open-boot.ts'
import { outputSetting } from '../boot/output-setting.ts'
import { runBootStage } from '../boot/stages.ts'
import { type StageName, stageNames } from '../boot/status.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { type Identification, identify, recordIdentification } from '../platform/identify.ts'
import type { OpenedMachine } from './command.ts'
import { openMachine, shippedConfig } from './open-machine.ts'

/** A boot is kept in cloud-init.log. */
const bootMachine = { root: '/', keepsLog: true } as const

/** One stage, in a process of its own, on this machine. Returns the number of failures. */
export const stage = async (name: StageName): Promise<number> => stageOnMachine(await openMachine(bootMachine), name)

/** One stage on an opened machine, with further configuration files over all other. */
export const stageOnMachine = async (
  opened: OpenedMachine,
  name: StageName,
  files: readonly string[] = [],
): Promise<number> => {
  const boot = await openBoot({ ...opened, files, ...withShipped(), ...withNetwork(name) })
  return runWithOutput(opened, boot, name)
}

/** Runs a stage with its output where the configuration wants it. */
const runWithOutput = async (opened: OpenedMachine, boot: Boot, name: StageName): Promise<number> => {
  const setting = outputSetting(boot.config, name)
  if (setting?.stdout.includes(outputLogFile)) attemptOutputLog(opened.machine)
  await opened.sendOutput(setting)
  const { errors } = await runBootStage(boot, name)
  await opened.sendOutput(undefined)
  return errors.length
}

/** A log that can't be made (a full disk) is told by what prints into it. */
const attemptOutputLog = (machine: Machine): void => {
  try {
    makeOutputLog(machine)
  } catch (error) {
    machine.log.debug(messageOf(error))
  }
}

/** All four stages in this one process. Returns the number of failures. */
export const boot = async (): Promise<number> => bootOnMachine(await openMachine(bootMachine))

export const bootOnMachine = async (
  opened: OpenedMachine,
  options: Pick<Parameters<typeof openBoot>[0], 'progress'> = {},
): Promise<number> => {
  let failures = 0
  const after = (_: StageName, count: number): void => {
    failures += count
  }
  await bootInSteps(opened, { after }, options)
  return failures
}

/** What is to happen around each stage. */
export interface BootSteps {
  /**
   * Resolves when the root can be written and udev knows of all devices that the kernel has found; until then nothing
   * but /run is written.
   */
  readonly ready?: Promise<void>
  before?(name: StageName): Promise<void>
  after(name: StageName, failures: number): void
}

/** Finds out which cloud this is and runs the stages; none where there is no cloud. */
export const bootInSteps = async (
  opened: OpenedMachine,
  { ready, before, after }: BootSteps,
  options: Pick<Parameters<typeof openBoot>[0], 'progress'> = {},
): Promise<void> => {
  const { machine } = opened
  const open = (name: StageName): Promise<Boot> =>
    openBoot({ ...opened, ...withShipped(), ...options, ...withNetwork(name), ...(ready && { writable: ready }) })
  const { found, boot } = await beginWhenReady(machine, () => open('init-local'), ready)
  machine.log.info(`datasources: ${found.datasources.join(', ') || 'none'} (${found.reason})`)
  if (boot === undefined) {
    noteDisabled(machine, found.runFolder)
    return
  }
  let opening = boot
  for (const name of stageNames) {
    await before?.(name)
    if (name === 'init') opening = await withFetchedConfig(opening, () => open(name))
    after(name, await runWithOutput(opened, opening, name))
  }
}

interface Beginning {
  readonly found: Identification
  /** undefined: firstlight does not run here. */
  readonly boot?: Boot
}

/**
 * Which cloud this is, and the boot that is opened for it, as far as can be told now; told anew when disks have appeared
 * meanwhile: one of them may be a seed. That there is no cloud is only certain when all devices are there.
 */
const beginWhenReady = async (
  machine: Machine,
  open: () => Promise<Boot>,
  ready: Promise<void> | undefined,
): Promise<Beginning> => {
  const disks = (): string => machine.files.list('/sys/class/block').join(' ')
  const begin = async (force: boolean): Promise<Beginning> => {
    const found = await identify(machine, { force })
    if (found.exitCode !== 0) return { found }
    recordIdentification(machine, found)
    return { found, boot: await open() }
  }
  let seen = disks()
  let begun = await begin(false)
  if (ready === undefined) return begun
  const lookAgain = async (isDoubtful: boolean): Promise<void> => {
    const now = disks()
    if (now === seen && !isDoubtful) return
    seen = now
    begun = await begin(true)
  }
  await ready
  await lookAgain(false)
  await awaitDevices(machine, begun.found)
  await lookAgain(begun.found.exitCode === 1)
  return begun
}

/** `status` then says that firstlight does not run here, instead of waiting for it. */
const noteDisabled = (machine: Machine, runFolder: string): void => {
  machine.files.write(`${runFolder}/disabled`, '')
  machine.files.remove(`${runFolder}/enabled`)
}

/** The stages that fetch the configuration which the kernel command line names. */
const withNetwork = (name: StageName): Pick<OpenOptions, 'network'> => {
  if (name === 'init-local') return { network: 'down' }
  return name === 'init' ? { network: 'up' } : {}
}

/** A configuration that is fetched once the network is up makes it a boot that is opened anew. */
const withFetchedConfig = async (opening: Boot, open: () => Promise<Boot>): Promise<Boot> => {
  const { cmdline } = await opening.platform()
  return namesConfigUrl(cmdline) ? { ...(await open()), memory: opening.memory } : opening
}

const withShipped = (): { shippedConfig?: string } => {
  const text = shippedConfig()
  return text === undefined ? {} : { shippedConfig: text }
}
