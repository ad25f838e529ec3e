import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule } from '../src/cloudconfig/module.ts'
import { suseNames } from '../src/distros/names.ts'
import { ConfigError } from '../src/machine/errors.ts'
import type { Machine } from '../src/machine/machine.ts'

const schema = {
  type: 'object',
  properties: {
    zypper: {
      type: 'object',
      minProperties: 1,
      additionalProperties: true,
      properties: {
        repos: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            additionalProperties: true,
            required: ['id', 'baseurl'],
            properties: {
              id: { type: 'string', description: 'Its name, and that of its file.' },
              baseurl: { type: 'string', format: 'uri' },
            },
          },
          description: 'Repositories; any other option of a .repo file may stand here.',
        },
        config: { type: 'object', description: 'Settings for /etc/zypp/zypp.conf.' },
      },
    },
  },
} as const

const configFile = '/etc/zypp/zypp.conf'

/** Settings and options come as YAML has them. */
const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const optionText = (value: unknown): string | undefined => {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (isScalar(value)) return String(value)
  return Array.isArray(value) ? value.flatMap((item) => optionText(item) ?? []).join('\n    ') : undefined
}

const repoText = (id: string, options: Readonly<Record<string, unknown>>): string => {
  const named = Object.entries(options)
    .filter(([name]) => name !== '' && name !== 'id')
    .map(([name, value]) => [name.toLowerCase().trim().replaceAll('-', '_'), optionText(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
  const missing = ['enabled', 'autorefresh'].filter((name) => !named.some(([known]) => known === name))
  const lines = [...named, ...missing.map((name) => [name, '1'] as const)]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} = ${value}`)
  return [`[${id}]`, ...lines, ''].join('\n')
}

/** zypp reads booleans in any case; this is how they have always been written here. */
const settingText = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)

/** Lines that are missing go to the end, so that every boot leaves the same file. */
const writeConfig = (machine: Machine, settings: Readonly<Record<string, unknown>>): void => {
  const before = machine.files.readTextIfExists(configFile) ?? ''
  const present = new Set(before.split('\n').map((line) => line.trim()))
  const added: string[] = []
  for (const [name, value] of Object.entries(settings)) {
    if (name === 'configdir')
      machine.log.warning('zypper.config.configdir: the folder of the configuration can’t be changed')
    else if (isScalar(value) && value && !present.has(`${name}=${settingText(value)}`)) {
      if (/\n/.test(`${name}${value}`)) throw new ConfigError(`zypper.config.${name}`, 'a setting is one line')
      added.push(`${name}=${settingText(value)}`)
    }
  }
  if (added.length === 0) return
  const start = before === '' || before.endsWith('\n') ? before : `${before}\n`
  machine.files.write(configFile, `${start}# From zypper.config:\n${added.join('\n')}\n`)
}

export default defineModule({
  id: 'zypper_add_repo',
  frequency: 'always',
  distros: suseNames,
  activateBy: ['zypper'],
  schema,
  title: 'Adds package repositories for zypper, and settings',
  description: 'One file for each repository. A file that is there already stays as it is.',
  examples: [
    '#cloud-config\nzypper:\n  repos:\n    - id: my-repo\n      name: My packages\n      baseurl: https://packages.example.com/\n      autorefresh: 1\n  config:\n    download.use_deltarpm: true\n',
  ],
  run: async ({ zypper = {} }, { machine }) => {
    const { repos = [], config: settings = {} } = zypper
    if (repos.length === 0) return
    const { attempt, finish } = attempts(machine.log)
    await attempt('zypper.config', () => writeConfig(machine, settings))
    const { reposdir } = settings as Readonly<Record<string, unknown>>
    const folder = typeof reposdir === 'string' ? reposdir.replace(/\/+$/, '') : '/etc/zypp/repos.d'
    for (const [index, { id, ...options }] of repos.entries()) {
      const key = `zypper.repos[${index}]`
      await attempt(key, () => {
        if (/[/\n\]]/.test(id)) throw new ConfigError(`${key}.id`, 'is the name of a file, without slashes')
        const file = `${folder}/${id.replaceAll(' ', '_')}.repo`
        if (machine.files.exists(file)) machine.log.debug(`${key}: ${file} is there already and stays as it is`)
        else machine.files.write(file, repoText(id, options))
      })
    }
    finish()
  },
})
