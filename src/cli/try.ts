import type { ProgressEvent } from '../boot/progress.ts'
import type { CloudName } from '../simulator/cloud.ts'
import type { SandboxResult } from '../simulator/sandbox.ts'
import { type Command, type CommandContext, isSet, textArgument } from './command.ts'
import type { Console } from './console.ts'
import { readInputFile } from './input-file.ts'

const clouds: readonly CloudName[] = [
  'gce',
  'ec2',
  'digitalocean',
  'azure',
  'openstack',
  'openstack-service',
  'nocloud',
]

/** `try`: a real boot in a throw-away copy of this machine, on a simulated cloud. */
export const tryCommand: Command = {
  usage: 'try',
  summary: 'Boot a throw-away copy of this machine on a simulated cloud',
  options: {
    cloud: { alias: 'c', choices: clouds, default: 'nocloud', describe: 'The cloud' },
    'user-data': { alias: 'u', type: 'string', describe: 'User-data that the cloud hands out' },
    'vendor-data': { type: 'string', describe: 'Vendor-data that the cloud hands out' },
    hostname: { type: 'string', describe: 'The name that the cloud gives the machine' },
    diff: { type: 'boolean', describe: 'Show what changed in each file' },
    'show-secrets': { type: 'boolean', describe: 'Also in files that not everybody may read' },
    keep: { type: 'string', describe: 'Copy the changed files into this folder' },
    log: { type: 'boolean', describe: 'Show the whole log of the boot' },
  },
  run: async (context, args) => {
    const { runInSandbox } = await import('../simulator/sandbox.ts')
    const { console } = context
    const cloud = clouds.find((name) => name === args['cloud']) ?? 'nocloud'
    const userData = await readInputFile(context, textArgument(args, 'user-data'))
    const vendorData = await readInputFile(context, textArgument(args, 'vendor-data'))
    const hostname = textArgument(args, 'hostname')
    const keep = textArgument(args, 'keep')
    const result = await runInSandbox({
      cloud,
      firstlight: [process.execPath, process.argv[1] ?? ''],
      onEvent: (event) => printEvent(console, event),
      ...(userData && { userData }),
      ...(vendorData && { vendorData }),
      ...(hostname !== undefined && { hostname }),
      ...(keep !== undefined && { keep }),
    })
    if (!result.ran) return planInstead(context, result.reason, textArgument(args, 'user-data'))
    const { printTrial } = await import('./print-trial.ts')
    if (isSet(args, 'log')) console.print(result.log ?? 'no log was written')
    await printTrial(console, result, { diff: isSet(args, 'diff'), showSecrets: isSet(args, 'show-secrets') })
    return verdict(result)
  },
}

const verdict = (result: SandboxResult): number => (result.isTimedOut ? 1 : result.exitCode)

/** A live line for everything that begins to matter: what ran, how long, what failed. */
const printEvent = (console: Console, event: ProgressEvent): void => {
  const seconds = event.seconds === undefined ? '' : ` ${event.seconds.toFixed(3)} s`
  if (event.type === 'stage') {
    if (event.state === 'start') console.print(event.stage, 'cyan')
    return
  }
  if (event.state === 'done') console.print(`  ✓ ${event.module}${seconds}`, 'green')
  if (event.state === 'failed') console.print(`  ✗ ${event.module}${seconds}: ${event.message}`, 'red')
}

/** Where no overlay is allowed: what would be done instead of what was done. */
const planInstead = async (context: CommandContext, reason: string, userData: string | undefined): Promise<number> => {
  const { planCommand } = await import('./plan.ts')
  context.console.complain(`try is not possible here: ${reason}\nThis is what it would do (firstlight plan):`)
  return planCommand.run(context, { ...(userData !== undefined && { 'user-data': userData }) })
}
