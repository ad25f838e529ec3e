import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { waitForSnapSeed } from '../../src/distros/snap-seed.ts'
import { CommandError, ConfigError } from '../../src/machine/errors.ts'
import { type JsonObject, objectAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { readBridge, setUpBridge, type Translation } from './bridge.ts'
import { schema } from './schema.ts'
import { missingPackages, storageOfPreseed } from './storage.ts'

/** LXD gets as long as this to come up. */
const readySeconds = 300
const timeoutSeconds = 60 * 60

/** In the order of the options of `lxd init`. */
const initKeys = [
  'network_address',
  'network_port',
  'storage_backend',
  'storage_create_device',
  'storage_create_loop',
  'storage_pool',
  'trust_password',
] as const

type InitOptions = Partial<Readonly<Record<(typeof initKeys)[number], string | number | undefined>>>

const initArgv = (options: InitOptions): string[] => [
  ...['lxd', 'init', '--auto'],
  ...initKeys.filter((key) => options[key]).map((key) => `--${key.replaceAll('_', '-')}=${options[key]}`),
]

/** Kernels of minimal images have no thin pools, which `lxd init` insists on: then the pool is made beforehand. */
const initialise = async (machine: Machine, options: InitOptions): Promise<void> => {
  const { trust_password: password, storage_backend: storage } = options
  const how = { timeoutSeconds, secrets: password === undefined ? [] : [String(password)] }
  try {
    await machine.run(initArgv(options), how)
  } catch (error) {
    if (storage !== 'lvm' || !(error instanceof CommandError)) throw error
    machine.log.info('lxd: trying once more, with LVM without a thin pool')
    await machine.run(['lxc', 'storage', 'create', 'default', 'lvm', 'lvm.use_thinpool=false'], how)
    await machine.run(initArgv({ ...options, storage_backend: undefined }), how)
  }
}

const installLxd = async (machine: Machine): Promise<void> => {
  const { exitCode } = await askForSnap(machine)
  if (exitCode === 0) return
  if (machine.which('snap') === undefined && machine.which('lxd') !== undefined) return
  await machine.run(['snap', 'install', 'lxd'], { timeoutSeconds })
}

const askForSnap = async (machine: Machine): Promise<{ readonly exitCode: number }> =>
  machine.which('snap') === undefined
    ? { exitCode: 1 }
    : machine.ask(['snap', 'list', 'lxd'], { allowedExitCodes: 'any', timeoutSeconds: 120 })

/**
 * LXD translates IPv4 addresses when nothing is said, but not for a plain `true`: so it has always been, and machines
 * rely on the network they get. The text "true" says it in earnest. The schema's copy has made a boolean of it.
 */
const readTranslation = (cloudConfig: JsonObject): Translation => {
  const { ipv4_nat: ipv4, ipv6_nat: ipv6 } = objectAt(objectAt(cloudConfig, 'lxd'), 'bridge')
  return { ipv4: ipv4 === undefined || ipv4 === 'true', ipv6: ipv6 === 'true' }
}

const setUp = async (context: ModuleContext, options: InitOptions | undefined, preseed: string): Promise<void> => {
  const { machine, distro } = context
  await waitForSnapSeed(machine)
  await installLxd(machine)
  const kinds = [
    ...(options?.storage_backend ? [String(options.storage_backend)] : []),
    ...storageOfPreseed(machine, preseed),
  ]
  const packages = missingPackages(machine, kinds)
  if (packages.length > 0) await distro.packages.install(machine, packages)
  await machine.run(['lxd', 'waitready', `--timeout=${readySeconds}`], { timeoutSeconds: readySeconds + 60 })
}

export default defineModule({
  id: 'lxd',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['lxd'],
  title: 'Set up LXD',
  description:
    'Installs the snap of LXD where it is missing, and what its storage needs; then either a preseed, or `lxd init` and a bridge.',
  examples: [
    '#cloud-config\nlxd:\n  init:\n    storage_backend: dir\n',
    '#cloud-config\nlxd:\n  preseed: |\n    config:\n      core.https_address: "[::]:8443"\n    storage_pools:\n    - name: default\n      driver: zfs\n',
  ],
  schema,
  run: async ({ lxd }, context) => {
    if (lxd === undefined) return
    const { machine } = context
    const { init, bridge, preseed = '' } = lxd
    const hasInit = Object.keys(init ?? {}).length > 0
    if (preseed !== '' && (hasInit || bridge)) {
      throw new ConfigError('lxd.preseed', 'it can not stand together with init or bridge; take one or the other')
    }
    await setUp(context, init, preseed)
    if (preseed !== '') {
      await machine.run(['lxd', 'init', '--preseed'], { input: preseed, timeoutSeconds })
      return
    }
    const steps = attempts(machine.log)
    if (init && hasInit) await steps.attempt('lxd.init', () => initialise(machine, init))
    if (bridge) {
      const wanted = readBridge(bridge, readTranslation(context.cloudConfig))
      await steps.attempt('lxd.bridge', () => setUpBridge(machine, wanted, hasInit))
    }
    steps.finish()
  },
})
