import type { UserEntry } from '../../src/distros/users-config.ts'
import type { UserOptions } from './user-options.ts'
import type { UserRun } from './user-run.ts'

/** Sets the password that was asked for, and locks the account unless `lock_passwd` is false. */
export const setPassword = async (
  { context }: UserRun,
  { key, name }: UserEntry,
  options: UserOptions,
  isOwn: boolean,
): Promise<void> => {
  const { machine, distro } = context
  const { accounts } = distro
  // `passwd` is for new accounts only: an account of the image keeps its own.
  const newHash = isOwn ? options.passwordHash : undefined
  const passwords = [
    ...(newHash ? [{ name, password: newHash, isHash: true }] : []),
    ...(options.plainPassword ? [{ name, password: options.plainPassword, isHash: false }] : []),
    ...(options.hashForAny ? [{ name, password: options.hashForAny, isHash: true }] : []),
  ]
  // Of several only the last counts.
  await accounts.setPasswords(machine, passwords.slice(-1))
  if (!isOwn && options.passwordHash !== undefined)
    machine.log.warning(`${key}.passwd: ${name} is there already and keeps its password; use hashed_passwd`)
  if (options.lockPassword) return accounts.lockPassword(machine, name)
  const isAskedFor = [newHash, options.plainPassword, options.hashForAny].some((password) => password !== undefined)
  const state = accounts.passwordState(machine, name)
  if (isAskedFor || (!isOwn && state.startsWith('set'))) return accounts.unlockPassword(machine, name)
  machine.log.warning(
    `${key}.lock_passwd: false, but ${name} has no password, so the account stays as it is; give it one`,
  )
}
