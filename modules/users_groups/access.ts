import { addAuthorizedKeys } from '../../src/distros/authorized-keys.ts'
import { writeDoasRules } from '../../src/distros/doas.ts'
import { loginRefusal } from '../../src/distros/login-refusal.ts'
import { writeSudoRules } from '../../src/distros/sudoers.ts'
import type { UserEntry } from '../../src/distros/users-config.ts'
import { messageOf } from '../../src/machine/errors.ts'
import type { UserOptions } from './user-options.ts'
import type { UserRun } from './user-run.ts'

/** What a user may become (doas, sudo) and the keys that open the account. One failing does not stop the others. */
export const giveAccess = async (run: UserRun, { key, name }: UserEntry, options: UserOptions): Promise<void> => {
  const { machine, distro } = run.context
  try {
    if (options.doas.length > 0) writeDoasRules(machine, name, options.doas, `${key}.doas`)
  } catch (error) {
    machine.log.error(messageOf(error))
  }
  try {
    if (options.sudo.length > 0) await writeSudoRules(machine, name, options.sudo, `${key}.sudo`)
  } catch (error) {
    run.report(messageOf(error))
  }
  const account = distro.accounts.find(machine, name)
  if (options.sshKeys !== undefined && account !== undefined) addAuthorizedKeys(machine, account, options.sshKeys)
}

/** The cloud's keys open nothing here but tell to log in as the default user. */
export const redirectLogins = (run: UserRun, { key, name }: UserEntry, options: UserOptions): void => {
  const { machine, distro, instance } = run.context
  if (!options.redirectsToDefault) return
  if (run.defaultUser === undefined) {
    machine.log.warning(`${key}.ssh_redirect_user: there is no default user to redirect to; add default to users`)
    return
  }
  const keys = instance.data.publicKeys ?? []
  const account = distro.accounts.find(machine, name)
  if (keys.length === 0) {
    machine.log.warning(`${key}.ssh_redirect_user: the cloud gave no public keys, so there is nothing to redirect`)
    return
  }
  if (account !== undefined) addAuthorizedKeys(machine, account, keys, loginRefusal(run.defaultUser, name))
}
