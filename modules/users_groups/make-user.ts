import { checkAccountName } from '../../src/distros/account-names.ts'
import type { NewUser } from '../../src/distros/distro.ts'
import type { UserEntry } from '../../src/distros/users-config.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import { giveAccess, redirectLogins } from './access.ts'
import { completeHome } from './home.ts'
import { setPassword } from './password.ts'
import { readUserOptions, type UserOptions } from './user-options.ts'
import type { UserRun } from './user-run.ts'

/** Makes one user, or brings one that is there already up to date. @throws when the user can't be made at all. */
export const makeUser = async (run: UserRun, entry: UserEntry): Promise<void> => {
  checkAccountName(entry.name, entry.key)
  const note = (problem: string): void => run.context.machine.log.debug(problem)
  const options = readUserOptions(entry, { note, report: run.report })
  checkTogether(entry, options)
  if (options.snapUser !== undefined) return makeSnapUser(run, entry, options)
  const isOwn = await ensureAccount(run, entry, options)
  const steps = [
    () => setPassword(run, entry, options, isOwn),
    () => giveAccess(run, entry, options),
    () => redirectLogins(run, entry, options),
  ]
  for (const step of steps) await attempt(run, step)
}

const attempt = async (run: UserRun, step: () => Promise<void> | void): Promise<void> => {
  try {
    await step()
  } catch (error) {
    run.report(messageOf(error))
  }
}

/** Keys need a home folder, and an account is either redirected or has keys of its own. */
const checkTogether = ({ key, name }: UserEntry, options: UserOptions): void => {
  const homeless = options.noCreateHome ? 'no_create_home' : options.isSystem ? 'system' : undefined
  const wantsHome =
    (options.sshKeys?.length ?? 0) > 0
      ? 'ssh_authorized_keys'
      : options.importsKeys
        ? 'ssh_import_id'
        : options.redirectsToDefault
          ? 'ssh_redirect_user'
          : undefined
  if (homeless !== undefined && wantsHome !== undefined)
    throw new ConfigError(key, `${name} is not made: ${wantsHome} needs the home folder that ${homeless} leaves out`)
  if (options.redirectsToDefault && (options.sshKeys !== undefined || options.importsKeys))
    throw new ConfigError(key, `${name} is not made: ssh_redirect_user goes with no keys of its own`)
}

const makeSnapUser = async ({ context }: UserRun, { key }: UserEntry, options: UserOptions): Promise<void> => {
  const email = options.snapUser ?? ''
  if (!/^[^-\s]\S*$/.test(email)) throw new ConfigError(`${key}.snapuser`, 'must be an e-mail address')
  const known = options.isKnownToSnap ? ['--known'] : []
  await context.machine.run(['snap', 'create-user', '--sudoer', '--json', ...known, email])
}

/** @returns true when this account is this run's own: made now, or by a run that was cut off */
const ensureAccount = async (run: UserRun, entry: UserEntry, options: UserOptions): Promise<boolean> => {
  const { context, unfinished } = run
  const { machine, distro } = context
  const { name } = entry
  const isOwn = unfinished.has(name)
  const account = distro.accounts.find(machine, name)
  if (account !== undefined && !isOwn) {
    machine.log.info(`user ${name} is there already; only its passwords, rules and keys are looked after`)
    return false
  }
  const createHome = !options.noCreateHome && !options.isSystem
  if (account !== undefined && createHome && !machine.files.exists(account.home)) {
    // useradd was cut off between the account and its home folder.
    await distro.accounts.removeUser(machine, name)
  } else if (account !== undefined) {
    if (createHome) await attempt(run, () => completeHome(machine, account))
    await completeGroups(run, entry, options)
    return true
  }
  await createAccount(run, entry, options, createHome)
  return true
}

const completeGroups = async (run: UserRun, entry: UserEntry, options: UserOptions): Promise<void> => {
  const { machine, distro } = run.context
  for (const group of await usableGroups(run, entry, options)) {
    if (distro.accounts.groupMembers(machine, group).includes(entry.name)) continue
    await distro.accounts.addToGroup(machine, entry.name, group)
  }
}

const createAccount = async (run: UserRun, entry: UserEntry, options: UserOptions, createHome: boolean) => {
  const { machine, distro } = run.context
  const groups = await usableGroups(run, entry, options)
  if (options.primaryGroup !== undefined) await ensureGroup(run, options.primaryGroup, options.createGroups)
  const user: NewUser = {
    name: entry.name,
    fullName: options.fullName,
    home: options.home,
    shell: options.shell,
    userId: options.userId,
    primaryGroup: options.primaryGroup,
    groups,
    expireDate: options.expireDate,
    inactiveDays: options.inactiveDays,
    selinuxUser: usableSelinuxUser(run, entry, options),
    isSystem: options.isSystem,
    createHome,
    createUserGroup: !options.noUserGroup,
    initLog: !options.noLogInit,
  }
  await distro.accounts.createUser(machine, user)
}

/** useradd refuses one where the kernel has no SELinux, and there it would mean nothing. */
const usableSelinuxUser = ({ context }: UserRun, { key }: UserEntry, options: UserOptions): string | undefined => {
  if (options.selinuxUser === undefined || context.machine.files.exists('/sys/fs/selinux/enforce'))
    return options.selinuxUser
  context.machine.log.warning(`${key}.selinux_user: SELinux is not in force on this machine; it is left out`)
  return undefined
}

/** The groups of a user, made where they may be. A missing one refuses the user, but never the default user. */
const usableGroups = async (run: UserRun, entry: UserEntry, options: UserOptions): Promise<string[]> => {
  const usable: string[] = []
  for (const group of options.groups) {
    try {
      checkAccountName(group, `${entry.key}.groups`)
      await ensureGroup(run, group, options.createGroups)
      usable.push(group)
    } catch (error) {
      if (!entry.isDefault) throw error
      run.report(`${messageOf(error)}; ${entry.name} is made without it`)
    }
  }
  return usable
}

const ensureGroup = async ({ context }: UserRun, group: string, mayCreate: boolean): Promise<void> => {
  const { machine, distro } = context
  if (distro.accounts.findGroup(machine, group) !== undefined) return
  if (!mayCreate) throw new ConfigError(`group ${group}`, 'does not exist, and create_groups is false')
  await distro.accounts.createGroup(machine, group)
}
