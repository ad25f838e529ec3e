import { type Command, isSet, listArgument } from './command.ts'

/** `init [--local]`: the local or the network stage, as the boot units call them. */
export const initCommand: Command = {
  usage: 'init',
  summary: 'Find the instance, take its user-data and run the first modules',
  options: {
    local: { alias: 'l', type: 'boolean', describe: 'Only what works before the network is up' },
    file: { alias: 'f', type: 'string', array: true, describe: 'Further configuration, over all other' },
  },
  run: async (context, args) => {
    const { stageOnMachine } = await import('./boot-units.ts')
    return stageOnMachine(
      await context.machine({ keepsLog: true }),
      isSet(args, 'local') ? 'init-local' : 'init',
      listArgument(args, 'file'),
    )
  },
}
