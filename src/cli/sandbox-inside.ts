import type { Command } from './command.ts'

/** `sandbox-inside`: the process that is the cloud within the overlay of `try`; nobody calls it by hand. */
export const sandboxInsideCommand: Command = {
  usage: 'sandbox-inside',
  summary: '',
  isHidden: true,
  run: async () => (await import('../simulator/inside.ts')).runInside(),
}
