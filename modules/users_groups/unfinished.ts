import type { Instance } from '../../src/instance/instance.ts'
import type { Machine } from '../../src/machine/machine.ts'

/**
 * Names of accounts that this run makes, kept on disk until it ends: after a boot that was cut off, the next run knows
 * that an account is not one that was on the image, and finishes it.
 */
export interface Unfinished {
  has(name: string): boolean
  add(name: string): void
  /** The run has come to its end. */
  clear(): void
}

export const unfinishedUsers = (machine: Machine, instance: Instance): Unfinished => {
  const file = `${instance.folder}/users_groups.unfinished`
  const names = new Set((machine.files.readTextIfExists(file) ?? '').split('\n').filter(Boolean))
  return {
    has: (name) => names.has(name),
    add: (name) => {
      names.add(name)
      machine.files.write(file, [...names, ''].join('\n'), { mode: 0o600 })
    },
    clear: () => machine.files.remove(file),
  }
}
