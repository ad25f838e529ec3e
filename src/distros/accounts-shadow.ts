import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { checkAccountName } from './account-names.ts'
import { findAccount, findGroupMembers, findGroupNumber, findPasswordState } from './accounts-files.ts'
import { foreseeGroup, foreseeMember, foreseeUser } from './accounts-plan.ts'
import type { Accounts, NewPassword, NewUser } from './distro.ts'

/** Ubuntu Core keeps added accounts in a database of their own. */
const database = (machine: Machine): string[] =>
  /^ID="?ubuntu-core"?$/m.test(machine.files.readTextIfExists('/etc/os-release') ?? '') ? ['--extrausers'] : []

const option = (name: string, value: string | number | undefined): string[] =>
  value === undefined || value === '' ? [] : [name, String(value)]

const flag = (name: string, isSet: boolean | undefined): string[] => (isSet ? [name] : [])

const useraddArguments = (user: NewUser): string[] => [
  ...option('--comment', user.fullName),
  ...option('--home-dir', user.home),
  ...option('--gid', user.primaryGroup),
  ...option('--groups', user.groups?.join(',')),
  ...option('--uid', user.userId),
  ...option('--shell', user.shell),
  ...option('--expiredate', user.expireDate),
  ...option('--inactive', user.inactiveDays),
  ...option('--selinux-user', user.selinuxUser),
  ...flag('--no-user-group', !user.createUserGroup),
  ...flag('--system', user.isSystem),
  ...flag('--no-log-init', !user.initLog),
  user.createHome ? '--create-home' : '--no-create-home',
]

const passwordLines = (passwords: readonly NewPassword[]): string => {
  for (const { name, password } of passwords) {
    checkAccountName(name, `password of ${name}`)
    // A line break would set somebody else's password.
    if (/[\n\r\0]/.test(password)) throw new ConfigError(`password of ${name}`, 'holds a line break; choose another')
  }
  return passwords.map(({ name, password }) => `${name}:${password}\n`).join('')
}

const chpasswd = async (machine: Machine, passwords: readonly NewPassword[], words: readonly string[]) => {
  if (passwords.length === 0) return
  await machine.run(['chpasswd', ...words], { input: passwordLines(passwords) })
}

/**
 * Accounts by the tools of shadow-utils (useradd, groupadd, usermod, passwd, chpasswd), which most distributions have.
 * The plan machine only notes the commands, so there their effect is written into its /etc/passwd and /etc/group.
 */
export const shadowAccounts: Accounts = {
  find: findAccount,
  findGroup: findGroupNumber,
  groupMembers: findGroupMembers,
  passwordState: findPasswordState,

  createUser: async (machine, user) => {
    checkAccountName(user.name, `user ${user.name}`)
    await machine.run(['useradd', ...database(machine), ...useraddArguments(user), user.name])
    if (machine.kind === 'plan') foreseeUser(machine, user)
  },
  removeUser: async (machine, name) => {
    await machine.run(['userdel', name])
  },
  createGroup: async (machine, name) => {
    checkAccountName(name, `group ${name}`)
    await machine.run(['groupadd', ...database(machine), name])
    if (machine.kind === 'plan') foreseeGroup(machine, name)
  },
  addToGroup: async (machine, user, group) => {
    await machine.run(['usermod', '--append', '--groups', group, user])
    if (machine.kind === 'plan') foreseeMember(machine, user, group)
  },
  setPasswords: async (machine, passwords) => {
    await chpasswd(
      machine,
      passwords.filter(({ isHash }) => !isHash),
      [],
    )
    await chpasswd(
      machine,
      passwords.filter(({ isHash }) => isHash),
      ['-e'],
    )
  },
  lockPassword: async (machine, name) => {
    // So useradd leaves a new account without a password: locked.
    if (['none', 'set, locked'].includes(findPasswordState(machine, name))) return
    await machine.run(['passwd', '-l', name])
  },
  unlockPassword: async (machine, name) => {
    // passwd -u refuses to leave an account without a password; -d says that it is meant.
    const isEmpty = ['empty', 'none'].includes(findPasswordState(machine, name))
    await machine.run(['passwd', isEmpty ? '-d' : '-u', name])
  },
  expirePassword: async (machine, name) => {
    await machine.run(['passwd', '--expire', name])
  },
}
