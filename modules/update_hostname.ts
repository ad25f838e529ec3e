import { defineModule } from '../src/cloudconfig/module.ts'
import { applyHostname, chooseHostname, isUsableHostname } from '../src/distros/hostname.ts'
import { ConfigError } from '../src/machine/errors.ts'

const schema = {
  type: 'object',
  properties: {
    preserve_hostname: {
      type: 'boolean',
      default: false,
      description: 'True: the host name stays as it is.',
    },
    hostname: { type: 'string', description: 'The host name; see set_hostname.' },
    fqdn: { type: 'string', description: 'The fully qualified name; see set_hostname.' },
    prefer_fqdn_over_hostname: {
      type: 'boolean',
      description: 'True: the FQDN becomes the host name. False: the short name. Default: by distribution.',
    },
    create_hostname_file: {
      type: 'boolean',
      default: true,
      description: 'False: /etc/hostname is not made where there is none.',
    },
  },
} as const

export default defineModule({
  id: 'update_hostname',
  frequency: 'always',
  distros: 'all',
  title: 'Keep the host name up to date',
  description:
    'At every boot: where metadata or configuration give another name than the last time, the machine gets it, unless ' +
    'somebody else has changed /etc/hostname since.',
  examples: ['#cloud-config\npreserve_hostname: true\n'],
  schema,
  run: async (config, { machine, distro, instance, paths }) => {
    if (config.preserve_hostname) return
    const { identity } = distro
    const chosen = chooseHostname(config, instance, machine)
    if (chosen.isPresent && chosen.hostname === 'localhost') return
    const name = (config.prefer_fqdn_over_hostname ?? identity.prefersFqdn) ? chosen.fqdn : chosen.hostname
    if (!isUsableHostname(name)) throw new ConfigError('hostname', `"${name}" can't be a host name`)

    const memory = `${paths.cloud}/data/previous-hostname`
    const previous = identity.readHostname(machine, memory)
    const present = identity.readHostname(machine)
    if (present && previous && present !== previous) {
      machine.log.info(`${identity.hostnameFile} was changed from ${previous} to ${present}: it stays as it is`)
      return
    }
    if (previous !== name) identity.writeHostname(machine, name, memory)
    if (present && (present !== previous || present === name)) return
    if (config.create_hostname_file !== false || machine.files.exists(identity.hostnameFile)) {
      identity.writeHostname(machine, name)
    }
    await applyHostname(machine, distro, name)
  },
})
