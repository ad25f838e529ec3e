import type { ConfigModule, ModuleContext } from '../../src/cloudconfig/module.ts'
import { addAuthorizedKeys } from '../../src/distros/authorized-keys.ts'
import { loginRefusal } from '../../src/distros/login-refusal.ts'
import { readUsers } from '../../src/distros/users-config.ts'
import { ConfigError, ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject } from '../../src/machine/json.ts'
import {
  generateHostKeys,
  hasHostKeys,
  putHostKeysAside,
  putKeysBack,
  readHostKeys,
  removeKeysAside,
  writeHostKeys,
} from './host-keys.ts'
import { schema } from './schema.ts'
import { readSettings, type SshSettings } from './settings.ts'

const publish = async (context: ModuleContext, settings: SshSettings): Promise<void> => {
  if (!settings.publishes) return
  try {
    await context.publishHostKeys(readHostKeys(context.machine, settings.unpublished))
  } catch (error) {
    context.machine.log.warning(`the host keys did not get to the cloud: ${messageOf(error)}`)
  }
}

const addKeys = (
  context: ModuleContext,
  user: string,
  keys: readonly string[],
  options: string,
  report: (problem: string) => void,
): void => {
  const { machine, distro } = context
  const account = distro.accounts.find(machine, user)
  if (account === undefined) {
    report(`user ${user} does not exist and gets no SSH keys`)
    return
  }
  try {
    addAuthorizedKeys(machine, account, keys, options)
  } catch (error) {
    report(messageOf(error))
  }
}

/** The cloud's and the configuration's keys, for the default user and (refusing, unless wanted) for root. */
const authorize = (context: ModuleContext, settings: SshSettings, report: (problem: string) => void): void => {
  const { machine, distro, instance, cloudConfig } = context
  const fromCloud = settings.allowsCloudKeys ? (instance.data.publicKeys ?? []) : []
  const keys = [...new Set([...fromCloud, ...settings.keys])]
  const user = readUsers(cloudConfig, distro).defaultUser?.name
  if (user !== undefined && keys.length === 0 && distro.accounts.find(machine, user) === undefined) {
    machine.log.warning(`the default user ${user} does not exist, and there are no SSH keys to give to anybody`)
    return
  }
  if (user !== undefined) addKeys(context, user, keys, '', report)
  const rootOptions = settings.disablesRoot ? loginRefusal(user ?? 'NONE', 'root', settings.refusal) : ''
  addKeys(context, 'root', keys, rootOptions, report)
}

/** New host keys for those of the image. */
const renewHostKeys = async (
  context: ModuleContext,
  settings: SshSettings,
  report: (problem: string) => void,
): Promise<void> => {
  const { machine } = context
  if (!settings.deletesKeys) return makeHostKeys(context, settings, report)
  try {
    putHostKeysAside(machine)
  } catch (error) {
    report(`the host keys of the image could not be removed: ${messageOf(error)}`)
  }
  await makeHostKeys(context, settings, report).catch((error: unknown) => report(messageOf(error)))
  const wantsKeys = settings.generates.length > 0 || isJsonObject(context.cloudConfig['ssh_keys'])
  // In a plan ssh-keygen is not run; on the machine it makes them.
  if (hasHostKeys(machine) || !wantsKeys || machine.kind === 'plan') removeKeysAside(machine)
  // Without any host key nobody could log in.
  else if (putKeysBack(machine) > 0)
    report('ssh_deletekeys: no new host key could be made, so those of the image stay; others may know them')
}

const makeHostKeys = async (
  context: ModuleContext,
  settings: SshSettings,
  report: (problem: string) => void,
): Promise<void> => {
  const { machine, cloudConfig } = context
  try {
    const given = cloudConfig['ssh_keys']
    // Anything else the schema's check has reported.
    if (isJsonObject(given)) return await writeHostKeys(machine, given, report)
  } catch (error) {
    report(messageOf(error))
    // Without any host key nobody could log in: unusable ones are as good as none.
    if (!(error instanceof ConfigError)) return
  }
  await generateHostKeys(context, { types: settings.generates, isQuiet: settings.isQuiet })
}

/** Reads its keys from the whole configuration, so that one wrong value costs no more than that value. */
const ssh: ConfigModule = {
  id: 'ssh',
  frequency: 'instance',
  distros: 'all',
  schema,
  title: 'Sets up SSH: host keys, and the keys that open the default user and root',
  description:
    'Host keys of the image are removed and new ones generated, or those of `ssh_keys` are used. The public keys of the cloud and of `ssh_authorized_keys` go to the default user and, unless `disable_root` is false, in a form that only says so, to root.',
  examples: [
    '#cloud-config\nssh_authorized_keys:\n  - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI ada@example\n',
    '#cloud-config\nssh_genkeytypes: [ed25519]\ndisable_root: false\n',
    '#cloud-config\nssh_keys:\n  ed25519_private: |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n    ...\n    -----END OPENSSH PRIVATE KEY-----\nssh_publish_hostkeys: {enabled: false}\n',
  ],
  run: async (_config, context) => {
    const failures: string[] = []
    const report = (problem: string): void => {
      context.machine.log.error(problem)
      failures.push(problem)
    }
    const settings = readSettings(context.cloudConfig, (problem) => context.machine.log.debug(problem))
    await renewHostKeys(context, settings, report)
    await publish(context, settings)
    authorize(context, settings, report)
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
}

export default ssh
