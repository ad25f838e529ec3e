import { defineModule } from '../src/cloudconfig/module.ts'
import { applyHostname, chooseHostname, isUsableHostname } from '../src/distros/hostname.ts'
import { ConfigError } from '../src/machine/errors.ts'
import { isJsonObject, type JsonObject } from '../src/machine/json.ts'

const schema = {
  type: 'object',
  properties: {
    preserve_hostname: {
      type: 'boolean',
      default: false,
      description: 'True: the host name stays as it is.',
    },
    hostname: { type: 'string', description: 'The host name; one with dots is taken for the FQDN.' },
    fqdn: {
      type: 'string',
      description: 'The fully qualified name; without `hostname` its first part is the host name.',
    },
    prefer_fqdn_over_hostname: {
      type: 'boolean',
      description: 'True: the FQDN becomes the host name. False: the short name. Default: by distribution.',
    },
    create_hostname_file: {
      type: 'boolean',
      default: true,
      description: 'False: /etc/hostname is not made where there is none; the name then lasts until the next boot.',
    },
  },
} as const

/** The names set the last time. A file that a power cut left half written counts as none. */
const readMemory = (text: string | undefined): JsonObject => {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

export default defineModule({
  id: 'set_hostname',
  frequency: 'instance',
  distros: 'all',
  title: 'Set the host name',
  description:
    'Names come from `fqdn`, then `hostname`, then metadata. What was set is remembered, so that nothing happens when ' +
    'the same names come again.',
  examples: ['#cloud-config\nhostname: web1\nfqdn: web1.example.com\nprefer_fqdn_over_hostname: true\n'],
  schema,
  run: async (config, { machine, distro, instance, paths }) => {
    if (config.preserve_hostname) return
    const { hostname, fqdn, isPresent } = chooseHostname(config, instance, machine)
    // Somebody else (DHCP, hostnamed) may still give the machine its name.
    if (isPresent && hostname === 'localhost') return
    const memory = `${paths.cloud}/data/set-hostname`
    const remembered = readMemory(machine.files.readTextIfExists(memory))
    if (remembered['hostname'] === hostname && remembered['fqdn'] === fqdn) return
    const name = (config.prefer_fqdn_over_hostname ?? distro.identity.prefersFqdn) ? fqdn : hostname
    if (!isUsableHostname(name)) {
      throw new ConfigError('hostname', `"${name}" can't be a host name: no blanks or slashes, at most 64 bytes`)
    }
    // On a root that can't be written to, the machine has its name at least until it is switched off.
    await applyHostname(machine, distro, name)
    if (config.create_hostname_file !== false || machine.files.exists(distro.identity.hostnameFile)) {
      distro.identity.writeHostname(machine, name)
    }
    machine.files.write(memory, `${JSON.stringify({ fqdn, hostname }, null, 1)}\n`)
  },
})
