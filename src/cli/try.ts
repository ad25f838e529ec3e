import type { Command } from './command.ts'

/** `try`: a real boot in a throw-away copy of this machine. */
export const tryCommand: Command = {
  usage: 'try',
  summary: 'Boot a throw-away copy of this machine on a simulated cloud',
  run: async () => 0,
}
