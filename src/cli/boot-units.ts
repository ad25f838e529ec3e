import type { Boot } from '../boot/boot.ts'
import { namesConfigUrl, type OpenOptions, openBoot } from '../boot/open-boot.ts'
import { outputSetting } from '../boot/output-setting.ts'
import { runBootStage } from '../boot/stages.ts'
import { type StageName, stageNames } from '../boot/status.ts'
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
  await opened.sendOutput(outputSetting(boot.config, name))
  const { errors } = await runBootStage(boot, name)
  await opened.sendOutput(undefined)
  return errors.length
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
  /** Resolves when the machine's disks and links are all there; until then one that is missing may still come. */
  readonly devices?: Promise<void>
  before?(name: StageName): Promise<void>
  after(name: StageName, failures: number): void
}

/** Finds out which cloud this is and runs the stages; none where there is no cloud. */
export const bootInSteps = async (
  opened: OpenedMachine,
  { devices, before, after }: BootSteps,
  options: Pick<Parameters<typeof openBoot>[0], 'progress'> = {},
): Promise<void> => {
  const { machine } = opened
  const found = await identifyWhenThere(machine, devices)
  machine.log.info(`datasources: ${found.datasources.join(', ') || 'none'} (${found.reason})`)
  if (found.exitCode !== 0) {
    noteDisabled(machine, found.runFolder)
    return
  }
  recordIdentification(machine, found)
  const open = (name: StageName): Promise<Boot> =>
    openBoot({ ...opened, ...withShipped(), ...options, ...withNetwork(name) })
  let opening = await open('init-local')
  for (const name of stageNames) {
    await before?.(name)
    if (name === 'init') opening = await withFetchedConfig(opening, () => open(name))
    after(name, await runWithOutput(opened, opening, name))
  }
}

/** A cloud that is found early is found; that there is none is only certain when all devices are there. */
const identifyWhenThere = async (machine: Machine, devices: Promise<void> | undefined): Promise<Identification> => {
  const found = await identify(machine)
  if (found.exitCode !== 1 || !devices) return found
  await devices
  return identify(machine, { force: true })
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
