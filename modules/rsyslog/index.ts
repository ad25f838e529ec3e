import { posix } from 'node:path'
import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { remoteLine } from './remotes.ts'

const configs = {
  type: 'array',
  items: {
    oneOf: [
      { type: 'string' },
      {
        type: 'object',
        required: ['content'],
        additionalProperties: false,
        properties: { filename: { type: 'string' }, content: { type: 'string' } },
      },
    ],
  },
  description: 'Lines for `config_filename`, or a file name with its content.',
} as const

const settings = {
  type: 'object',
  additionalProperties: false,
  properties: {
    config_dir: { type: 'string', description: 'Default: /etc/rsyslog.d.' },
    config_filename: { type: 'string', description: 'Default: 20-cloud-config.conf.' },
    configs,
    remotes: {
      type: 'object',
      description: 'Where messages are sent, by name: `[match] [@|@@]host[:port]`; @ is UDP (the default), @@ is TCP.',
    },
    service_reload_command: {
      oneOf: [{ enum: ['auto'] }, { type: 'array', items: { type: 'string' } }],
      description: 'The command that puts it in force; `auto`: by the service manager.',
    },
    install_rsyslog: { default: false, type: 'boolean', description: 'Install rsyslog where it is missing.' },
    check_exe: { type: 'string', description: 'The command whose presence says that it is installed.' },
    packages: { type: 'array', items: { type: 'string' }, uniqueItems: true, description: 'Default: rsyslog.' },
  },
} as const

const schema = {
  type: 'object',
  properties: {
    // A bare list is how this began.
    rsyslog: { ...settings, accepted: { oneOf: [settings, configs] } },
  },
} as const

type Config = string | { readonly filename?: string; readonly content: string }

interface Settings {
  readonly config_dir?: string
  readonly config_filename?: string
  readonly configs?: readonly Config[]
  readonly remotes?: Readonly<Record<string, unknown>>
  readonly service_reload_command?: unknown
  readonly install_rsyslog?: boolean
  readonly check_exe?: string
  readonly packages?: readonly string[]
}

/** Lines for other machines; one that can't be read is told and left out. */
const remoteLines = (machine: Machine, remotes: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(remotes)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, value]) => {
      if (value === null || value === '') return []
      try {
        return [remoteLine(name, String(value), `rsyslog.remotes.${name}`)]
      } catch (error) {
        machine.log.warning(messageOf(error))
        return []
      }
    })

/** Contents by file; several for the same file one after another. */
const filesOf = (machine: Machine, given: Settings): Map<string, string> => {
  const folder = given.config_dir ?? '/etc/rsyslog.d'
  const usual = given.config_filename ?? '20-cloud-config.conf'
  const remotes = remoteLines(machine, given.remotes ?? {})
  const all: readonly Config[] = [
    ...(given.configs ?? []),
    ...(remotes.length > 0 ? [['# begin remotes', ...remotes, '# end remotes'].join('\n')] : []),
  ]
  const files = new Map<string, string>()
  for (const [index, config] of all.entries()) {
    const { filename = usual, content } = typeof config === 'string' ? { content: config } : config
    if (filename.trim() === '') {
      machine.log.warning(`rsyslog.configs[${index}].filename: is empty; this entry is left out`)
      continue
    }
    const file = posix.resolve(folder, filename.trim())
    files.set(file, `${files.get(file) ?? ''}${content.endsWith('\n') ? content : `${content}\n`}`)
  }
  return files
}

const reload = async ({ machine, distro }: ModuleContext, command: unknown): Promise<void> => {
  if (Array.isArray(command) && command.length > 0) {
    await machine.run(command.map(String), { timeoutSeconds: 120 })
    return
  }
  const { rsyslog_svcname: service } = distro.systemInfo
  if (!distro.services.isActive(machine)) return
  await distro.services.manage(machine, 'try-reload', typeof service === 'string' ? service : 'rsyslog')
}

export default defineModule({
  id: 'rsyslog',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['rsyslog'],
  schema,
  title: 'Configures rsyslog',
  examples: [
    '#cloud-config\nrsyslog:\n  remotes:\n    central: "@@logs.example.com:6514"\n  configs:\n    - filename: 10-local.conf\n      content: "local0.* /var/log/local.log"\n  install_rsyslog: true\n',
  ],
  run: async ({ rsyslog }, context) => {
    const { machine, distro } = context
    const whole: Settings | readonly Config[] = rsyslog ?? {}
    if (Array.isArray(whole))
      machine.log.deprecated('rsyslog: a list is deprecated since 22.2; put it under rsyslog.configs')
    const given = (Array.isArray(whole) ? { configs: whole } : whole) as Settings
    const { attempt, finish } = attempts(machine.log)
    if (given.install_rsyslog && machine.which(given.check_exe ?? 'rsyslogd') === undefined) {
      await attempt('rsyslog', () => distro.packages.install(machine, given.packages ?? ['rsyslog']))
    }
    const files = filesOf(machine, given)
    for (const [file, content] of files) await attempt('rsyslog.configs', () => machine.files.write(file, content))
    if (files.size > 0) {
      try {
        await reload(context, given.service_reload_command)
      } catch (error) {
        machine.log.warning(`rsyslog goes by its old configuration until it is restarted: ${messageOf(error)}`)
      }
    }
    finish()
  },
})
