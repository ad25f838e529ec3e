import type { Command } from './command.ts'

/** `query`: what is known about the instance. */
export const queryCommand: Command = {
  usage: 'query [varname]',
  summary: 'What is known about the instance',
  run: async () => 0,
}
