import { parseFrequency } from '../boot/module-list.ts'
import { type Command, listArgument, textArgument } from './command.ts'

/** `single --name MODULE [--frequency ...]`: one module, by hand. */
export const singleCommand: Command = {
  usage: 'single [arguments..]',
  summary: 'Run one module',
  positionals: { arguments: { type: 'string', array: true, describe: 'Arguments for the module' } },
  options: {
    name: { alias: 'n', type: 'string', demandOption: true, describe: 'The module' },
    frequency: { choices: ['always', 'instance', 'once'], describe: "Instead of the module's own frequency" },
    report: { type: 'boolean', describe: 'Accepted for compatibility' },
    file: { alias: 'f', type: 'string', array: true, describe: 'Further configuration, over all other' },
  },
  run: async (context, args) => {
    const { openBoot } = await import('../boot/open-boot.ts')
    const { runSingle } = await import('../boot/run-single.ts')
    const { machine, records } = await context.machine({ keepsLog: true })
    const boot = await openBoot({ machine, records, files: listArgument(args, 'file') })
    const frequency = parseFrequency(textArgument(args, 'frequency'))
    const failures = await runSingle(boot, textArgument(args, 'name') ?? '', frequency, listArgument(args, 'arguments'))
    for (const failure of failures) context.console.complain(failure)
    return failures.length
  },
}
