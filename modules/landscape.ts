import { defineModule } from '../src/cloudconfig/module.ts'
import { readSettings } from '../src/distros/settings-file.ts'
import { ConfigError } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    landscape: {
      type: 'object',
      required: ['client'],
      additionalProperties: false,
      properties: {
        client: {
          type: 'object',
          required: ['account_name', 'computer_title'],
          additionalProperties: true,
          description: 'Settings of the client; others than these are handed on as they are.',
          properties: {
            url: {
              type: 'string',
              default: 'https://landscape.canonical.com/message-system',
              description: 'Address of the server.',
            },
            ping_url: {
              type: 'string',
              default: 'https://landscape.canonical.com/ping',
              description: 'Address that tells whether there are messages.',
            },
            data_path: {
              type: 'string',
              default: '/var/lib/landscape/client',
              description: 'Where the client keeps its data.',
            },
            log_level: {
              type: 'string',
              default: 'info',
              enum: ['debug', 'info', 'warning', 'error', 'critical'],
              description: 'How much the client logs.',
            },
            computer_title: { type: 'string', description: 'What this machine is called there.' },
            account_name: { type: 'string', description: 'The account it belongs to.' },
            registration_key: { type: 'string', description: 'Key that the account asks for at registration.' },
            tags: {
              type: 'string',
              pattern: '^[-_0-9a-zA-Z]+(,[-_0-9a-zA-Z]+)*$',
              description: 'Tags, with commas and without blanks: `server,cloud`.',
            },
            http_proxy: { type: 'string', description: 'Proxy for http.' },
            https_proxy: { type: 'string', description: 'Proxy for https.' },
          },
        },
      },
    },
  },
} as const

const clientFile = '/etc/landscape/client.conf'
const usual = {
  data_path: '/var/lib/landscape/client',
  log_level: 'info',
  // The client's own default; https is offered, too.
  ping_url: 'http://landscape.canonical.com/ping',
  url: 'https://landscape.canonical.com/message-system',
} as const
/** The key, and proxies, which may hold a password. */
const secretKeys: ReadonlySet<string> = new Set(['registration_key', 'http_proxy', 'https_proxy'])

/** `landscape-config --is-registered` says so; 0 means yes. */
const notRegistered = 5
const timeoutSeconds = 10 * 60

const isRegistered = async (machine: Machine): Promise<boolean> => {
  const { exitCode } = await machine.ask(['landscape-config', '--silent', '--is-registered'], {
    allowedExitCodes: [0, notRegistered],
  })
  return exitCode === 0
}

const textOf = (key: string, value: unknown): string => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new ConfigError(`landscape.client.${key}`, 'it must be a text')
}

export default defineModule({
  id: 'landscape',
  frequency: 'instance',
  distros: ['ubuntu'],
  activateBy: ['landscape'],
  title: 'Register with Landscape',
  description:
    'Installs landscape-client and registers the machine. What /etc/landscape/client.conf says counts where nothing is given.',
  examples: [
    '#cloud-config\nlandscape:\n  client:\n    account_name: myaccount\n    computer_title: web1\n    tags: server,cloud\n',
  ],
  schema,
  run: async ({ landscape }, { machine, distro }) => {
    if (landscape === undefined) return
    await distro.packages.install(machine, ['landscape-client'])
    const present = readSettings(machine.files.readTextIfExists(clientFile) ?? '', 'client')
    const settings = Object.entries({ ...usual, ...present, ...landscape.client })
      .map(([key, value]) => [key, textOf(key, value)] as const)
      .sort(([left], [right]) => (left < right ? -1 : 1))
    if (await isRegistered(machine)) {
      machine.log.warning('landscape: this machine is registered already; its registration stays as it is')
      return
    }
    const options = settings.flatMap(([key, value]) => [`--${key.replaceAll('_', '-')}`, value])
    const secrets = settings.filter(([key]) => secretKeys.has(key)).map(([, value]) => value)
    await machine.run(['landscape-config', '--silent', ...options], { secrets, timeoutSeconds })
  },
})
