import type { ConfigModule } from '../src/cloudconfig/module.ts'
import type { DistroFamily } from '../src/distros/distro.ts'
import { ItemsFailed, messageOf } from '../src/machine/errors.ts'
import { type JsonObject, objectAt } from '../src/machine/json.ts'
import type { Machine } from '../src/machine/machine.ts'

const properties = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    'remove-defaults': {
      type: 'boolean',
      deprecated: true,
      deprecated_version: '22.3',
      deprecated_description: 'Use **remove_defaults** instead.',
    },
    remove_defaults: {
      type: 'boolean',
      default: false,
      description: 'Trust none of the authorities that came with the image.',
    },
    trusted: {
      type: 'array',
      items: { type: 'string' },
      minItems: 1,
      description: 'Certificates of authorities to trust, each as PEM.',
    },
  },
} as const

const schema = {
  type: 'object',
  properties: {
    ca_certs: properties,
    'ca-certs': {
      allOf: [
        properties,
        {
          type: 'object',
          deprecated: true,
          deprecated_version: '22.3',
          deprecated_description: 'Use **ca_certs** instead.',
        },
      ],
    },
  },
} as const

/** Where a distribution keeps the authorities it trusts. */
interface Store {
  readonly folder: string
  readonly update: readonly string[]
  /** List of the image's own certificates, in which a `!` takes one out (update-ca-certificates(8)). */
  readonly list?: string
  /** Folders to be emptied instead. */
  readonly own?: readonly string[]
}

const debianStore: Store = {
  folder: '/usr/local/share/ca-certificates',
  update: ['update-ca-certificates'],
  list: '/etc/ca-certificates.conf',
}

const stores: Partial<Record<DistroFamily, Store>> = {
  redhat: {
    folder: '/usr/share/pki/ca-trust-source/anchors',
    update: ['update-ca-trust'],
    own: ['/etc/pki/ca-trust', '/usr/share/pki/ca-trust-source'],
  },
  suse: { folder: '/usr/share/pki/trust/anchors', update: ['update-ca-certificates'] },
}

const note = '# Deselected by firstlight: ca_certs.remove_defaults'

const deselect = (text: string): string => {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line !== '' && !/^[#!]/.test(line))
  if (first === -1) return text
  const changed = lines.map((line) => (line === '' || /^[#!]/.test(line) ? line : `!${line}`))
  return [...changed.slice(0, first), note, ...changed.slice(first)].join('\n')
}

const removeDefaults = async (machine: Machine, store: Store, isDebian: boolean): Promise<void> => {
  const list = store.list === undefined ? undefined : machine.files.readTextIfExists(store.list)
  if (store.list !== undefined && list !== undefined) machine.files.write(store.list, deselect(list))
  for (const folder of store.own ?? []) {
    for (const name of machine.files.list(folder)) machine.files.remove(`${folder}/${name}`)
  }
  // Otherwise the package would select new ones at its next update.
  if (!isDebian) return
  const input = 'ca-certificates ca-certificates/trust_new_crts select no'
  await machine.run(['debconf-set-selections', '-'], { input })
}

interface Settings {
  readonly removesDefaults: boolean
  readonly trusted: readonly string[]
}

/** Reads what the schema accepted; of both spellings of the key the one with the underscore counts. */
const readSettings = (config: JsonObject): Settings => {
  const given = objectAt(config, 'ca_certs' in config ? 'ca_certs' : 'ca-certs')
  const { trusted } = given
  return {
    removesDefaults: (given['remove_defaults'] ?? given['remove-defaults']) === true,
    trusted: Array.isArray(trusted) ? trusted.filter((item) => typeof item === 'string') : [],
  }
}

const caCerts: ConfigModule = {
  id: 'ca_certs',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['ca_certs', 'ca-certs'],
  schema,
  title: 'Adds certificate authorities that the machine trusts',
  examples: [
    '#cloud-config\nca_certs:\n  trusted:\n    - |\n      -----BEGIN CERTIFICATE-----\n      ...\n      -----END CERTIFICATE-----\n',
  ],
  run: async (config, { machine, distro }) => {
    const { removesDefaults, trusted } = readSettings(config)
    if ('ca_certs' in config && 'ca-certs' in config)
      machine.log.warning('ca-certs: is not looked at, because there is ca_certs, too')
    const store = stores[distro.family] ?? debianStore
    const failures: string[] = []
    const attempt = async (what: string, step: () => Promise<void> | void): Promise<void> => {
      try {
        await step()
      } catch (error) {
        failures.push(`${what}: ${messageOf(error)}`)
        machine.log.error(`${what}: ${messageOf(error)}`)
      }
    }
    if (removesDefaults)
      await attempt('ca_certs.remove_defaults', () => removeDefaults(machine, store, distro.family === 'debian'))
    for (const [index, certificate] of trusted.entries()) {
      const file = `${store.folder}/cloud-init-ca-cert-${index + 1}.crt`
      await attempt(`ca_certs.trusted[${index}]`, () => {
        machine.files.write(file, certificate.endsWith('\n') ? certificate : `${certificate}\n`, { mode: 0o644 })
      })
    }
    await attempt('ca_certs', async () => {
      await machine.run(store.update)
    })
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
}

export default caCerts
