import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule } from '../src/cloudconfig/module.ts'
import { withSettings } from '../src/distros/settings-file.ts'
import { ConfigError } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    mcollective: {
      type: 'object',
      additionalProperties: false,
      properties: {
        conf: {
          type: 'object',
          additionalProperties: false,
          description: 'Settings for server.cfg, by name, and the two certificates.',
          properties: {
            'public-cert': { type: 'string', description: "The server's public certificate." },
            'private-cert': { type: 'string', description: "The server's private key; only root can read the file." },
          },
          patternProperties: {
            '^.+$': {
              label: '<name>',
              oneOf: [{ type: 'boolean' }, { type: 'integer' }, { type: 'string' }],
              description: 'Value of the setting.',
            },
          },
        },
      },
    },
  },
} as const

const serverFile = '/etc/mcollective/server.cfg'

interface Certificate {
  readonly file: string
  readonly mode: number
  readonly setting: string
}

const certificates: Readonly<Record<string, Certificate>> = {
  'public-cert': {
    file: '/etc/mcollective/ssl/server-public.pem',
    mode: 0o644,
    setting: 'plugin.ssl_server_public',
  },
  'private-cert': {
    file: '/etc/mcollective/ssl/server-private.pem',
    mode: 0o600,
    setting: 'plugin.ssl_server_private',
  },
}

type Value = string | number | boolean

/** Writes certificates; returns the lines of server.cfg. @throws ConfigError for a value that is no line */
const settingsOf = (machine: Machine, conf: Readonly<Record<string, Value>>): Record<string, string> => {
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(conf).sort(([left], [right]) => (left < right ? -1 : 1))) {
    const certificate = Object.hasOwn(certificates, name) ? certificates[name] : undefined
    if (certificate) {
      machine.files.write(certificate.file, String(value), { mode: certificate.mode })
      settings[certificate.setting] = certificate.file
      settings['securityprovider'] = 'ssl'
      continue
    }
    if (/[\n\r]/.test(`${name}${value}`)) throw new ConfigError(`mcollective.conf.${name}`, 'it must be one line')
    // Spelt as cloud-init spells them; MCollective takes any case.
    settings[name] = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
  }
  return settings
}

const configure = (machine: Machine, conf: Readonly<Record<string, Value>>): void => {
  const settings = settingsOf(machine, conf)
  const present = machine.files.readTextIfExists(serverFile)
  const next = withSettings(present ?? '', '', settings)
  // A second run must not lose the original.
  if (present !== undefined && present !== next) machine.files.write(`${serverFile}.old`, present)
  machine.files.write(serverFile, next, { mode: 0o644 })
}

export default defineModule({
  id: 'mcollective',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['mcollective'],
  title: 'Set up MCollective',
  description: 'Installs mcollective, adds settings to /etc/mcollective/server.cfg, and restarts it.',
  examples: ['#cloud-config\nmcollective:\n  conf:\n    loglevel: debug\n    plugin.stomp.host: mq.example.com\n'],
  schema,
  run: async ({ mcollective }, { machine, distro }) => {
    const conf = mcollective?.conf
    const steps = attempts(machine.log)
    await steps.attempt('mcollective', () => distro.packages.install(machine, ['mcollective']))
    if (conf) await steps.attempt('mcollective.conf', () => configure(machine, conf as Readonly<Record<string, Value>>))
    await steps.attempt('mcollective', () => distro.services.manage(machine, 'restart', 'mcollective'))
    steps.finish()
  },
})
