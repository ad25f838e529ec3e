import type { Command } from './command.ts'

/** `cloud-id`: the canonical name of the cloud that this machine runs on. */
export const cloudIdCommand: Command = {
  usage: 'cloud-id',
  summary: 'The canonical name of the cloud that this machine runs on',
  run: async () => 0,
}
