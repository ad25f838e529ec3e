import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import type { Account } from '../src/distros/distro.ts'
import { readUsers } from '../src/distros/users-config.ts'
import { ConfigError, ItemsFailed, messageOf } from '../src/machine/errors.ts'
import type { Json } from '../src/machine/json.ts'
import type { Machine } from '../src/machine/machine.ts'

const tool = 'ssh-import-id'

const schema = {
  type: 'object',
  properties: {
    ssh_import_id: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Names whose public keys open the account of the default user: `gh:NAME` for GitHub, `lp:NAME` or `NAME` for Launchpad.',
    },
  },
} as const

/** One account and whose keys it gets. */
interface Import {
  readonly user: string
  readonly key: string
  readonly ids: readonly string[]
}

const textsIn = (value: Json | undefined): string[] =>
  (Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [])
    .map((id) => String(id).trim())
    .filter(Boolean)

/** The default user has the top-level key, any other user its own; a user and ids in the module list come first. */
const wanted = ({ cloudConfig, distro, arguments: given }: ModuleContext): Import[] => {
  const [user, ...ids] = given
  if (user !== undefined) return [{ user, key: tool, ids }]
  return readUsers(cloudConfig, distro)
    .users.map(({ name, key, isDefault, options }) => ({
      user: name,
      key: isDefault ? 'ssh_import_id' : `${key}.ssh_import_id`,
      ids: [...new Set(textsIn(isDefault ? cloudConfig['ssh_import_id'] : options['ssh_import_id']))],
    }))
    .filter(({ ids: names }) => names.length > 0)
}

/** Words that run a command as another user, with its home folder. */
const asUser = (machine: Machine, user: string): string[] => {
  if (machine.which('sudo') !== undefined) return ['sudo', '--preserve-env=https_proxy', '-H', '-u', user]
  if (machine.which('runuser') !== undefined) return ['runuser', '-u', user, '--']
  if (machine.which('doas') !== undefined) return ['doas', '-u', user]
  throw new ConfigError('ssh_import_id', 'needs sudo, runuser or doas to act as the user; install one of them')
}

const importKeys = async (machine: Machine, account: Account, { key, ids }: Import): Promise<void> => {
  const bad = ids.find((id) => !/^[A-Za-z0-9_.+][\w.+:@/-]*$/.test(id))
  if (bad !== undefined) throw new ConfigError(key, `${JSON.stringify(bad)} is not a name such as gh:someone`)
  const argv = [...asUser(machine, account.name), tool, ...ids]
  const options = { env: { HOME: account.home }, output: 'pass', timeoutSeconds: 120 } as const
  try {
    await machine.run(argv, options)
  } catch (error) {
    machine.log.debug(`${key}: trying once more: ${messageOf(error)}`)
    await machine.clock.sleep(500)
    await machine.run(argv, options)
  }
}

export default defineModule({
  id: 'ssh_import_id',
  frequency: 'instance',
  distros: ['alpine', 'cos', 'debian', 'raspberry-pi-os', 'ubuntu'],
  schema,
  title: 'Fetches public keys from GitHub or Launchpad',
  description:
    'The top-level key is for the default user; other users have their own `ssh_import_id`. ssh-import-id must be installed.',
  examples: ['#cloud-config\nssh_import_id: ["gh:someone", "lp:someone"]\n'],
  run: async (_config, context) => {
    const { machine, distro } = context
    const imports = wanted(context)
    if (imports.length === 0) return
    if (machine.which(tool) === undefined) {
      machine.log.warning(`ssh_import_id: ${tool} is not installed, so no keys are fetched; install its package`)
      return
    }
    const failures: string[] = []
    for (const item of imports) {
      try {
        const account = distro.accounts.find(machine, item.user)
        if (account === undefined) throw new ConfigError(item.key, `user ${item.user} does not exist`)
        await importKeys(machine, account, item)
      } catch (error) {
        machine.log.error(messageOf(error))
        failures.push(messageOf(error))
      }
    }
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
})
