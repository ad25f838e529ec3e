import type { ConfigModule, ModuleContext } from '../../src/cloudconfig/module.ts'
import { removeStaleLocks } from '../../src/distros/account-locks.ts'
import { checkAccountName } from '../../src/distros/account-names.ts'
import { type GroupEntry, readUsers, type UserEntry } from '../../src/distros/users-config.ts'
import { ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import { makeUser } from './make-user.ts'
import { schema } from './schema.ts'
import { type Unfinished, unfinishedUsers } from './unfinished.ts'
import type { UserRun } from './user-run.ts'

/**
 * Makes a group and adds the members that were there before this run. A group that can't be made is told of, no more:
 * nobody needs it.
 */
const makeGroup = async (
  { machine, distro }: ModuleContext,
  { name, key, members }: GroupEntry,
  unfinished: Unfinished,
): Promise<void> => {
  try {
    checkAccountName(name, key)
    if (distro.accounts.findGroup(machine, name) === undefined) await distro.accounts.createGroup(machine, name)
  } catch (error) {
    machine.log.warning(`${messageOf(error)}; the group ${JSON.stringify(name)} is not made`)
    return
  }
  for (const member of members) {
    if (distro.accounts.find(machine, member) === undefined || unfinished.has(member)) {
      machine.log.warning(`${key}: user ${member} does not exist (yet) and does not become a member of ${name}`)
      continue
    }
    if (distro.accounts.groupMembers(machine, name).includes(member)) continue
    await distro.accounts.addToGroup(machine, member, name)
  }
}

/** The last resort that keeps a machine reachable: the default user with nothing but a home, sudo rules and keys. */
const makePlainDefault = async (run: UserRun, entry: UserEntry): Promise<void> => {
  const { sudo, ssh_authorized_keys: keys } = entry.options
  const options = { ...(sudo !== undefined && { sudo }), ...(keys !== undefined && { ssh_authorized_keys: keys }) }
  await makeUser(run, { ...entry, options })
}

const makeOne = async (run: UserRun, entry: UserEntry): Promise<void> => {
  try {
    await makeUser(run, entry)
  } catch (error) {
    const problem = messageOf(error)
    run.report(problem.startsWith(entry.key) ? problem : `${entry.key}: ${entry.name} is not made: ${problem}`)
    const { machine, distro } = run.context
    const isMissing = distro.accounts.find(machine, entry.name) === undefined
    if (!entry.isDefault || !isMissing || entry.options['snapuser'] !== undefined) return
    machine.log.warning(`the default user ${entry.name} is made without the options that failed`)
    await makePlainDefault(run, entry).catch((again: unknown) => run.report(messageOf(again)))
  }
}

/** Reads the whole configuration by itself (readUsers), so that one wrong option costs no more than that option. */
const usersGroups: ConfigModule = {
  id: 'users_groups',
  frequency: 'instance',
  distros: 'all',
  schema,
  title: 'Makes users and groups',
  description:
    'Groups come first, then users in the order of the list, the default user last. For an account that is there already only passwords (not `passwd`), `lock_passwd`, `doas`, `sudo`, `ssh_authorized_keys` and `ssh_redirect_user` count. A user that fails is reported and the others are made.',
  examples: [
    '#cloud-config\ngroups:\n  - admins: [root]\n  - developers\nusers:\n  - default\n  - name: ada\n    gecos: Ada Lovelace\n    groups: [developers]\n    sudo: "ALL=(ALL) NOPASSWD:ALL"\n    ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI ada@example"]\n',
    '#cloud-config\nuser:\n  name: captain\n  shell: /bin/zsh\n',
    '#cloud-config\nusers: []\n',
  ],
  run: async (_config, context) => {
    const { machine, distro, instance, cloudConfig } = context
    const { users, groups, defaultUser, problems } = readUsers(cloudConfig, distro)
    const failures: string[] = []
    const report = (problem: string): void => {
      machine.log.error(problem)
      failures.push(problem)
    }
    problems.forEach(report)
    removeStaleLocks(machine)
    const missing = users.map(({ name }) => name).filter((name) => distro.accounts.find(machine, name) === undefined)
    const unfinished = unfinishedUsers(machine, instance.folder, missing)
    for (const group of groups)
      await makeGroup(context, group, unfinished).catch((error: unknown) => report(messageOf(error)))
    const run: UserRun = { context, unfinished, defaultUser: defaultUser?.name, report }
    for (const user of users) await makeOne(run, user)
    context.afterMark(unfinished.clear)
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
}

export default usersGroups
