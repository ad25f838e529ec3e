import type { Distro } from '../../src/distros/distro.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** What an entry's `owner` names; undefined: as it is. */
export interface OwnerNumbers {
  readonly userId: number | undefined
  readonly groupId: number | undefined
}

const unset = new Set(['', '-1', 'none'])

const numberOf = (text: string, find: (name: string) => number | undefined, what: string, key: string) => {
  const name = text.trim()
  if (unset.has(name.toLowerCase())) return undefined
  // root is 0 also where the account files can't be read.
  const found = find(name) ?? (/^\d{1,9}$/.test(name) ? Number(name) : name === 'root' ? 0 : undefined)
  if (found === undefined) throw new ConfigError(key, `there is no ${what} ${name}; the file is not written`)
  return found
}

/**
 * `user:group`, `user`, `:group`.
 * @throws ConfigError when one of them does not exist
 */
export const findOwner = (machine: Machine, distro: Distro, owner: string, key: string): OwnerNumbers => {
  const [user = '', group = ''] = owner.split(':', 2)
  return {
    userId: numberOf(user, (name) => distro.accounts.find(machine, name)?.userId, 'user', key),
    groupId: numberOf(group, (name) => distro.accounts.findGroup(machine, name), 'group', key),
  }
}
