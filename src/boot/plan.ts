import { locateMessage } from '../cloudconfig/locate.ts'
import type { Origin, Traced } from '../cloudconfig/origins.ts'
import { findLosses, type Loss } from '../cloudconfig/why.ts'
import { defaultPaths } from '../instance/paths.ts'
import type { Change } from '../machine/journal.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { planMachine } from '../machine/plan.ts'
import { isOwnState } from './changes.ts'
import { explainInstance } from './explain-config.ts'
import { currentInstance } from './load-instance.ts'
import { openBoot } from './open-boot.ts'
import { runBootStage } from './stages.ts'
import { stageNames } from './status.ts'

/** What the machine would be told, instead of what its cloud says. Bytes as they stand in the files. */
export interface PlanInput {
  readonly userData?: Uint8Array
  readonly vendorData?: Uint8Array
  readonly metaData?: Uint8Array
  readonly networkConfig?: Uint8Array
  /** Configuration for a machine that has no /etc/cloud/cloud.cfg. */
  readonly shippedConfig?: string
}

/** Something that is wrong, and where the key stands that it is about, where it is about one. */
export interface PlanFinding extends LogRecord {
  readonly origin?: Origin
  /** Something in user-data or vendor-data has to be mended. */
  readonly isInputError: boolean
}

/** What a boot would do. */
export interface Plan {
  /** In their order, without firstlight's own state. File contents before and after are in them. */
  readonly changes: readonly Change[]
  /** What the log says at WARNING and above, DEPRECATED included. */
  readonly findings: readonly PlanFinding[]
  /** A line per module or stage that would fail. */
  readonly errors: readonly string[]
  /** What vendor-data and user-data say in vain, because another part or layer says something else. */
  readonly losses: readonly Loss[]
}

const seed = `${defaultPaths.cloud}/seed/nocloud`

/**
 * Runs the four stages on a plan machine: nothing is written, no command that changes anything is run.
 * @param machine a plan machine, with the records its log has kept
 */
export const planBoot = async (base: Machine, records: readonly LogRecord[], input: PlanInput): Promise<Plan> => {
  const machine = planMachine(base)
  if (input.userData || input.metaData || input.vendorData || input.networkConfig) plantSeed(machine.as('plan'), input)
  const boot = await openBoot({
    machine,
    records,
    ...(input.shippedConfig !== undefined && { shippedConfig: input.shippedConfig }),
  })
  const errors: string[] = []
  for (const stage of stageNames) errors.push(...(await runBootStage(boot, stage)).errors)
  const changes = machine.journal.entries.filter((change) => change.actor !== 'plan' && !isOwnState(change))
  const findings = records.filter(({ level }) => level !== 'DEBUG' && level !== 'INFO')
  const cached = currentInstance(boot)
  const config = cached && (await explainInstance(boot, cached, {}))
  return {
    changes,
    findings: findings.map((record) => findingOf(record, config)),
    errors,
    losses: config ? lossesOf(config) : [],
  }
}

const findingOf = (record: LogRecord, config: Traced | undefined): PlanFinding => {
  const origin = config && locateMessage(record.message, config)
  const isOfInput = record.actor === 'user-data' || /^user-data: there is no key /.test(record.message)
  const isSerious = record.level === 'ERROR' || record.level === 'WARNING'
  const isAboutInput = record.level === 'ERROR' && origin !== undefined && ownLayers.has(origin.layer)
  const isInputError = isAboutInput || (isSerious && isOfInput)
  return { ...record, isInputError, ...(origin && { origin }) }
}

/** What is dropped of the layers that somebody wrote for this instance; that they override the image is their purpose. */
const lossesOf = (config: Traced): Loss[] =>
  findLosses(config).filter(({ dropped }) => ownLayers.has(dropped.origin.layer))

const ownLayers: ReadonlySet<string> = new Set(['user-data', 'vendor-data', 'vendor-data2'])

/** Input from files is a seed folder in the memory of the plan machine: the same way in as on a real one. */
const plantSeed = (machine: Machine, input: PlanInput): void => {
  const now = machine.clock.now()
  const metaData = input.metaData ?? `instance-id: plan-${now}\n`
  machine.files.write(`${seed}/meta-data`, metaData)
  machine.files.write(`${seed}/user-data`, input.userData ?? '', { mode: 0o600 })
  if (input.vendorData) machine.files.write(`${seed}/vendor-data`, input.vendorData, { mode: 0o600 })
  if (input.networkConfig) machine.files.write(`${seed}/network-config`, input.networkConfig, { mode: 0o600 })
  machine.files.write(`${defaultPaths.run}/cloud.cfg`, 'datasource_list: [ NoCloud, None ]\n')
  machine.files.remove(`${defaultPaths.run}/.instance-id`)
}
