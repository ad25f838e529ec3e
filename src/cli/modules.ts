import type { StageName } from '../boot/status.ts'
import { type Command, listArgument, textArgument } from './command.ts'

const stages: Readonly<Record<string, StageName>> = { init: 'init', config: 'modules-config', final: 'modules-final' }

/** `modules --mode=config|final`: the later stages, as the boot units call them. */
export const modulesCommand: Command = {
  usage: 'modules',
  summary: 'Run the modules of a stage',
  options: {
    mode: { alias: 'm', choices: ['init', 'config', 'final'], default: 'config', describe: 'The stage' },
    file: { alias: 'f', type: 'string', array: true, describe: 'Further configuration, over all other' },
  },
  run: async (context, args) => {
    const { stageOnMachine } = await import('./boot-units.ts')
    const stage = stages[textArgument(args, 'mode') ?? 'config'] ?? 'modules-config'
    return stageOnMachine(await context.machine({ keepsLog: true }), stage, listArgument(args, 'file'))
  },
}
