import { messageOf } from './errors.ts'
import type { Machine } from './machine.ts'

const device = '/dev/console'

export interface ConsoleOptions {
  /** Where the text goes when there is no console: firstlight's own output and log (default), or nowhere, for secrets. */
  readonly otherwise?: 'output' | 'nowhere'
}

/**
 * Shows a text on the system console, where clouds let their users read it.
 * @returns false when it was shown nowhere
 */
export const writeToConsole = (machine: Machine, text: string, options: ConsoleOptions = {}): boolean => {
  // A plan shows nothing to anybody, and must not journal a secret.
  if (machine.kind === 'plan') return true
  try {
    if (machine.files.stat(device)?.type === 'device') {
      machine.files.append(device, text)
      return true
    }
    machine.log.debug(`there is no ${device}`)
  } catch (error) {
    machine.log.debug(`the console does not take the text: ${messageOf(error)}`)
  }
  if (options.otherwise === 'nowhere') return false
  machine.log.announce(text.trimEnd())
  return true
}
