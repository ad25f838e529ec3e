import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { dumpYaml } from '../src/cloudconfig/yaml.ts'
import { isJsonObject } from '../src/machine/json.ts'
import { scriptTimeoutSeconds } from '../src/machine/run-parts.ts'

const schema = {
  type: 'object',
  properties: {
    salt_minion: {
      type: 'object',
      additionalProperties: false,
      properties: {
        pkg_name: { type: 'string', default: 'salt-minion', description: 'The package to install.' },
        service_name: { type: 'string', default: 'salt-minion', description: 'The service to start.' },
        config_dir: { type: 'string', default: '/etc/salt', description: 'Folder of the configuration.' },
        conf: { type: 'object', description: 'What is written to `minion`, as it is.' },
        grains: { type: 'object', description: 'What is written to `grains`, as it is.' },
        public_key: { type: 'string', description: "The minion's public key; only together with the private one." },
        private_key: { type: 'string', description: "The minion's private key." },
        pki_dir: {
          type: 'string',
          default: '<config_dir>/pki/minion',
          description: 'Folder of the keys; nobody but root can enter it.',
        },
      },
    },
  },
} as const

/** Makes a folder that is private, as are the parents that it lacks. */
const makePrivateFolder = ({ machine }: ModuleContext, folder: string): void => {
  const missing: string[] = []
  let parent = folder.replace(/\/+$/, '')
  while (parent !== '' && !machine.files.exists(parent)) {
    missing.unshift(parent)
    parent = parent.slice(0, parent.lastIndexOf('/'))
  }
  for (const path of missing) machine.files.makeFolder(path, { mode: 0o700 })
  machine.files.makeFolder(folder, { mode: 0o700 })
}

interface Keys {
  readonly folder: string
  readonly publicKey: string
  readonly privateKey: string
}

/** The files are as open as Salt expects; the folder keeps everybody out. */
const writeKeys = (context: ModuleContext, { folder, publicKey, privateKey }: Keys): void => {
  makePrivateFolder(context, folder)
  const { files } = context.machine
  files.write(`${folder}/minion.pub`, publicKey, { mode: 0o644 })
  files.write(`${folder}/minion.pem`, privateKey, { mode: 0o644 })
}

export default defineModule({
  id: 'salt_minion',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['salt_minion'],
  title: 'Set up a Salt minion',
  description:
    'Installs the minion, writes its configuration and keys, and starts it. With `file_client: local` in `conf` it has no ' +
    'master: then the service is off, and the states are applied once.',
  examples: ['#cloud-config\nsalt_minion:\n  conf:\n    master: salt.example.com\n  grains:\n    role: [web]\n'],
  schema,
  run: async ({ salt_minion: settings }, context) => {
    if (settings === undefined) return
    const { machine, distro } = context
    const { files } = machine
    const { pkg_name: name = 'salt-minion', service_name: service = 'salt-minion' } = settings
    const { config_dir: folder = '/etc/salt', conf, grains } = settings
    const steps = attempts(machine.log)
    await steps.attempt('salt_minion', () => distro.packages.install(machine, [name]))
    if (isJsonObject(conf))
      await steps.attempt('salt_minion.conf', () => files.write(`${folder}/minion`, dumpYaml(conf)))
    if (isJsonObject(grains)) {
      await steps.attempt('salt_minion.grains', () => files.write(`${folder}/grains`, dumpYaml(grains)))
    }
    const { public_key: publicKey, private_key: privateKey } = settings
    if (publicKey !== undefined && privateKey !== undefined) {
      const usual = files.stat(`${folder}/pki/minion`)?.type === 'folder' ? `${folder}/pki/minion` : `${folder}/pki`
      const keys = { folder: settings.pki_dir ?? usual, publicKey, privateKey }
      await steps.attempt('salt_minion.private_key', () => writeKeys(context, keys))
    } else if (publicKey !== undefined || privateKey !== undefined) {
      steps.fail('salt_minion: public_key and private_key go together; the one that is there is not written')
    }
    const hasMaster = !(isJsonObject(conf) && conf['file_client'] === 'local')
    await steps.attempt('salt_minion.service_name', async () => {
      await distro.services.manage(machine, hasMaster ? 'enable' : 'disable', service)
      await distro.services.manage(machine, hasMaster ? 'restart' : 'stop', service)
    })
    if (!hasMaster) {
      const argv = ['salt-call', '--local', 'state.apply']
      await steps.attempt('salt_minion', () =>
        machine.run(argv, { output: 'pass', timeoutSeconds: scriptTimeoutSeconds }),
      )
    }
    steps.finish()
  },
})
