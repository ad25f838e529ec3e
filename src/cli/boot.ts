import type { ProgressEvent } from '../boot/progress.ts'
import { type Command, isSet } from './command.ts'

/** `boot`: all four stages in this one process, as the boot does. */
export const bootCommand: Command = {
  usage: 'boot',
  summary: 'Run all four stages in one process',
  options: {
    units: { type: 'boolean', describe: 'For cloud-init-main.service: each stage when its unit says so' },
    events: { type: 'boolean', describe: 'Tell on standard output what happens, one JSON object a line' },
  },
  run: async (context, args) => {
    if (isSet(args, 'units')) return (await import('./boot-by-units.ts')).bootByUnits()
    const { bootOnMachine } = await import('./boot-units.ts')
    const tell = (event: ProgressEvent): void => context.console.print(JSON.stringify(event))
    return bootOnMachine(await context.machine({ keepsLog: true }), isSet(args, 'events') ? { progress: tell } : {})
  },
}
