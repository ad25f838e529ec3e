import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule } from '../../src/cloudconfig/module.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import { type SubscriptionManager, subscriptionManager } from './manager.ts'
import { schema } from './schema.ts'

interface Settings {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly activationKey: string | undefined
  readonly org: string | undefined
  readonly autoAttach: boolean
  readonly serviceLevel: string | undefined
  readonly pools: readonly string[]
  readonly enable: readonly string[]
  readonly disable: readonly string[]
  readonly release: string | undefined
  readonly baseUrl: string | undefined
  readonly server: string | undefined
}

/** An account, or an activation key with its organisation. @throws ConfigError when neither is whole */
const credentials = ({ username, password, activationKey, org }: Settings): readonly string[] => {
  if (activationKey && org) return [`--activationkey=${activationKey}`, `--org=${org}`]
  if (username && password) return [`--username=${username}`, `--password=${password}`]
  throw new ConfigError('rh_subscription', 'give username and password, or activation_key and org')
}

const register = async (manager: SubscriptionManager, settings: Settings): Promise<void> => {
  const { baseUrl, server, password, activationKey } = settings
  const words = [
    ...credentials(settings),
    ...(baseUrl ? [`--baseurl=${baseUrl}`] : []),
    ...(server ? [`--serverurl=${server}`] : []),
  ]
  const secrets = [password, activationKey].filter((secret) => secret !== undefined)
  await manager.run(['register', ...words], secrets)
}

const attach = async (manager: SubscriptionManager, { autoAttach, serviceLevel }: Settings): Promise<void> => {
  if (serviceLevel !== undefined && !autoAttach) {
    throw new ConfigError('rh_subscription.service_level', 'has an effect only with auto_attach: true')
  }
  if (!autoAttach) return
  await manager.run(['attach', '--auto', ...(serviceLevel === undefined ? [] : [`--servicelevel=${serviceLevel}`])])
}

/** Only pools that there are and that are not attached yet; of the others it is told. */
const attachPools = async (manager: SubscriptionManager, pools: readonly string[]): Promise<void> => {
  if (pools.length === 0) return
  const attached = await manager.pools('consumed')
  const available = await manager.pools('available')
  const wanted = pools.filter((pool) => !attached.includes(pool))
  const missing = wanted.filter((pool) => !available.includes(pool))
  const found = wanted.filter((pool) => available.includes(pool))
  if (found.length > 0) await manager.run(['attach', ...found.map((pool) => `--pool=${pool}`)])
  if (missing.length > 0) throw new ConfigError('rh_subscription.add_pool', `there is no pool ${missing.join(', ')}`)
}

const changeRepos = async (manager: SubscriptionManager, { enable, disable }: Settings): Promise<void> => {
  if (enable.length === 0 && disable.length === 0) return
  const enabled = await manager.repos('enabled')
  const disabled = await manager.repos('disabled')
  const words = [
    ...disable.filter((repo) => enabled.includes(repo)).map((repo) => `--disable=${repo}`),
    ...enable.filter((repo) => disabled.includes(repo)).map((repo) => `--enable=${repo}`),
  ]
  if (words.length > 0) await manager.run(['repos', ...words])
  const missing = enable.filter((repo) => !enabled.includes(repo) && !disabled.includes(repo))
  if (missing.length > 0)
    throw new ConfigError('rh_subscription.enable_repo', `there is no repository ${missing.join(', ')}`)
}

export default defineModule({
  id: 'rh_subscription',
  frequency: 'instance',
  distros: ['fedora', 'rhel'],
  activateBy: ['rh_subscription'],
  schema,
  title: 'Registers the machine with Red Hat’s subscription service',
  description: 'A machine that is registered already is left alone.',
  examples: [
    '#cloud-config\nrh_subscription:\n  username: me@example.com\n  password: secret\n  auto_attach: true\n',
    '#cloud-config\nrh_subscription:\n  activation_key: my-key\n  org: "1234567"\n  enable_repo: [codeready-builder-for-rhel-9-x86_64-rpms]\n',
  ],
  run: async ({ rh_subscription: given = {} }, { machine }) => {
    const settings: Settings = {
      username: given.username,
      password: given.password,
      activationKey: given.activation_key ?? given['activation-key'],
      org: given.org === undefined ? undefined : String(given.org),
      autoAttach: given.auto_attach ?? given['auto-attach'] ?? false,
      serviceLevel: given.service_level ?? given['service-level'],
      pools: given.add_pool ?? given['add-pool'] ?? [],
      enable: given.enable_repo ?? given['enable-repo'] ?? [],
      disable: given.disable_repo ?? given['disable-repo'] ?? [],
      release: given.release_version,
      baseUrl: given.rhsm_baseurl ?? given['rhsm-baseurl'],
      server: given.server_hostname ?? given['server-hostname'],
    }
    for (const secret of [settings.password, settings.activationKey]) if (secret) machine.log.hideSecret(secret)
    const manager = subscriptionManager(machine)
    if (await manager.isRegistered()) {
      machine.log.info('rh_subscription: this machine is registered already')
      return
    }
    // Without a subscription a machine still starts: these are warnings.
    try {
      await register(manager, settings)
    } catch (error) {
      machine.log.warning(`rh_subscription: this machine is not registered: ${messageOf(error)}`)
      return
    }
    const { attempt } = attempts({ ...machine.log, error: machine.log.warning })
    await attempt('rh_subscription', () => attach(manager, settings))
    await attempt('rh_subscription', () => attachPools(manager, settings.pools))
    await attempt('rh_subscription', () => changeRepos(manager, settings))
    if (settings.release === undefined) return
    await attempt('rh_subscription.release_version', async () => {
      await manager.run(['release', `--set=${settings.release}`])
      // What the package managers remember is of the release before.
      for (const cache of ['/var/cache/dnf', '/var/cache/yum']) machine.files.remove(cache)
    })
  },
})
