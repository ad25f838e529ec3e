import type { Plan } from '../boot/plan.ts'
import type { Change } from '../machine/journal.ts'
import type { Machine } from '../machine/machine.ts'
import { type CloudName, cloudNames } from '../simulator/cloud.ts'
import { type Command, isSet, textArgument } from './command.ts'
import type { Console } from './console.ts'
import { readInputFile } from './input-file.ts'

/** `plan`: what a boot would do to this machine, without doing it and without root. */
export const planCommand: Command = {
  usage: 'plan',
  summary: 'Show what a boot would change on this machine, and change nothing',
  options: {
    cloud: { alias: 'c', choices: cloudNames, describe: 'As on this cloud, with made-up metadata' },
    'user-data': { alias: 'u', type: 'string', describe: 'User-data, instead of what the cloud says' },
    'vendor-data': { type: 'string', describe: 'Vendor-data' },
    'meta-data': { type: 'string', describe: 'Metadata, as NoCloud reads it' },
    'network-config': { type: 'string', describe: 'Network configuration' },
    'show-secrets': { type: 'boolean', describe: 'Show the content of files that not everybody may read' },
    json: { type: 'boolean', describe: 'As data' },
  },
  run: async (context, args) => {
    const { shippedConfig } = await import('./open-machine.ts')
    const { planBoot } = await import('../boot/plan.ts')
    const { machine: base, records } = await context.machine({ isQuiet: true })
    const [userData, vendorData, metaData, networkConfig] = await Promise.all(
      ['user-data', 'vendor-data', 'meta-data', 'network-config'].map((name) =>
        readInputFile(context, textArgument(args, name)),
      ),
    )
    const cloud = cloudNames.find((name) => name === args['cloud'])
    if (cloud && (metaData ?? networkConfig)) {
      context.console.complain(
        'plan: --meta-data and --network-config are read as NoCloud; leave them out with --cloud',
      )
      return 2
    }
    const machine = cloud ? await onCloud(base, cloud, userData, vendorData) : base
    const shipped = shippedConfig()
    const plan = await planBoot(machine, records, {
      ...(userData && !cloud && { userData }),
      ...(vendorData && !cloud && { vendorData }),
      ...(metaData && { metaData }),
      ...(networkConfig && { networkConfig }),
      ...(shipped !== undefined && { shippedConfig: shipped }),
    })
    const showSecrets = isSet(args, 'show-secrets')
    if (isSet(args, 'json')) {
      const { planAsData } = await import('./plan-data.ts')
      context.console.print(JSON.stringify(planAsData(plan, showSecrets), null, 2))
    } else {
      await printPlan(context.console, plan.changes, showSecrets)
      await printLosses(context.console, plan.losses)
      await printFindings(context.console, plan.findings)
    }
    const isWrong = plan.findings.some(({ level, isInputError }) => level === 'ERROR' || isInputError)
    return plan.errors.length > 0 || isWrong ? 2 : 0
  },
}

/** The cloud hands out user-data and vendor-data. */
const onCloud = async (
  machine: Machine,
  cloud: CloudName,
  userData: Uint8Array | undefined,
  vendorData: Uint8Array | undefined,
): Promise<Machine> => {
  const { createCloud } = await import('../simulator/index.ts')
  const { machineOnCloud } = await import('../simulator/cloud-machine.ts')
  return machineOnCloud(
    machine,
    createCloud({ cloud, ...(userData && { userData }), ...(vendorData && { vendorData }) }),
  )
}

const printPlan = async (console: Console, changes: readonly Change[], showSecrets: boolean): Promise<void> => {
  const { describeChange } = await import('./describe-change.ts')
  const { fileDiff } = await import('./file-diff.ts')
  const commands = changes.filter((change) => change.kind === 'command')
  const files = lastOfEachPath(changes.filter((change) => change.kind !== 'command'))
  console.print(files.length === 0 ? 'No file would change.' : 'Files that would change:', 'cyan')
  for (const change of files) {
    console.print(`${describeChange(change)}   [${change.actor}]`)
    if (change.kind !== 'file') continue
    for (const line of await fileDiff(change, showSecrets)) console.print(`    ${line.text}`, line.colour)
  }
  console.print(commands.length === 0 ? 'No command would run.' : 'Commands that would run, in order:', 'cyan')
  for (const change of commands) console.print(`${describeChange(change)}   [${change.actor}]`)
}

const printFindings = async (console: Console, findings: Plan['findings']): Promise<void> => {
  const { showOrigin } = await import('../cloudconfig/why.ts')
  for (const { level, actor, message, origin } of findings) {
    const place = origin === undefined ? '' : ` (${showOrigin(origin)})`
    console.print(`${level}: ${actor}: ${message}${place}`, 'yellow')
  }
}

const printLosses = async (console: Console, losses: Plan['losses']): Promise<void> => {
  if (losses.length === 0) return
  const { showLoss } = await import('../cloudconfig/why.ts')
  console.print('Configuration that would have no effect (firstlight why KEY tells more):', 'cyan')
  for (const loss of losses) console.print(showLoss(loss))
}

/** A file that is written twice is shown as it would end, against what it was at first. */
const lastOfEachPath = (changes: readonly Change[]): Change[] => {
  const byPath = new Map<string, Change>()
  for (const change of changes) {
    if (change.kind === 'command') continue
    const earlier = byPath.get(change.path)
    const isAgain = earlier?.kind === 'file' && change.kind === 'file'
    if (change.kind === 'attributes' && earlier?.kind === 'file') continue
    byPath.set(change.path, isAgain ? { ...change, ...(earlier.before && { before: earlier.before }) } : change)
  }
  return [...byPath.values()]
}
