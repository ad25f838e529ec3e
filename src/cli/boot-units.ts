import type { Boot } from '../boot/boot.ts'
import { openBoot } from '../boot/open-boot.ts'
import { outputSetting } from '../boot/output-setting.ts'
import { runBootStage } from '../boot/stages.ts'
import { type StageName, stageNames } from '../boot/status.ts'
import { identify, recordIdentification } from '../platform/identify.ts'
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
  const boot = await openBoot({ ...opened, files, ...withShipped() })
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
  const { machine } = opened
  const found = await identify(machine)
  machine.log.info(`datasources: ${found.datasources.join(', ') || 'none'} (${found.reason})`)
  if (found.exitCode !== 0) return 0
  recordIdentification(machine, found)
  const opening = await openBoot({ ...opened, ...withShipped(), ...options })
  let failures = 0
  for (const name of stageNames) failures += await runWithOutput(opened, opening, name)
  return failures
}

const withShipped = (): { shippedConfig?: string } => {
  const text = shippedConfig()
  return text === undefined ? {} : { shippedConfig: text }
}
