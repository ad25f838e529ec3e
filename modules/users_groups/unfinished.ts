import type { Machine } from '../../src/machine/machine.ts'

/**
 * Names of accounts that this run makes, kept on disk until it ends: after a boot that was cut off, the next run knows
 * that an account is not one that was on the image, and finishes it.
 */
export interface Unfinished {
  has(name: string): boolean
  /** The run has come to its end. */
  clear(): void
}

/** @param missing names of accounts that are not there yet */
export const unfinishedUsers = (machine: Machine, instanceFolder: string, missing: readonly string[]): Unfinished => {
  const file = `${instanceFolder}/users_groups.unfinished`
  const earlier = (machine.files.readTextIfExists(file) ?? '').split('\n').filter(Boolean)
  const names = new Set([...earlier, ...missing.filter((name) => !/\s/.test(name))])
  if (names.size > earlier.length)
    machine.files.write(file, [...names, ''].join('\n'), { mode: 0o600, isDurable: true })
  return {
    has: (name) => names.has(name),
    clear: () => machine.files.remove(file),
  }
}
