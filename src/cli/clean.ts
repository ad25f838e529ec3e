import { type Command, isSet, listArgument } from './command.ts'

/** `clean`: forget the instance, so that the next boot is a first boot. */
export const cleanCommand: Command = {
  usage: 'clean',
  summary: 'Forget what was done, so that the next boot is a first one',
  options: {
    logs: { alias: 'l', type: 'boolean', describe: 'Remove the logs, too' },
    seed: { alias: 's', type: 'boolean', describe: 'Remove the seed folder, too' },
    'machine-id': { type: 'boolean', describe: 'Set /etc/machine-id to uninitialized' },
    reboot: { alias: 'r', type: 'boolean', describe: 'Reboot afterwards' },
    configs: {
      alias: 'c',
      type: 'string',
      array: true,
      choices: ['all', 'ssh_config', 'network'],
      describe: 'Remove configuration that was written, too',
    },
  },
  run: async (context, args) => {
    const { clean } = await import('../boot/clean.ts')
    const { machine } = await context.machine()
    if (machine.userId !== 0) {
      context.console.complain('clean removes system state: run it as root.')
      return 1
    }
    const failures = await clean(machine, {
      logs: isSet(args, 'logs'),
      seed: isSet(args, 'seed'),
      machineId: isSet(args, 'machine-id'),
      reboot: isSet(args, 'reboot'),
      configs: listArgument(args, 'configs'),
    })
    for (const failure of failures) context.console.complain(failure)
    return failures.length > 0 ? 1 : 0
  },
}
