import { attempts } from '../src/cloudconfig/attempts.ts'
import { defineModule } from '../src/cloudconfig/module.ts'
import { yumNames } from '../src/distros/names.ts'
import { ConfigError } from '../src/machine/errors.ts'
import { httpTime } from '../src/machine/time.ts'

const address = { type: 'string', format: 'uri' } as const

const schema = {
  type: 'object',
  properties: {
    yum_repo_dir: {
      type: 'string',
      default: '/etc/yum.repos.d',
      description: 'The folder that the files go to.',
    },
    yum_repos: {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      patternProperties: {
        '^[0-9a-zA-Z -_]+$': {
          type: 'object',
          additionalProperties: false,
          properties: {
            baseurl: address,
            metalink: address,
            mirrorlist: address,
            name: { type: 'string' },
            enabled: { type: 'boolean', default: true },
          },
          patternProperties: {
            '^[0-9a-zA-Z_]+$': { oneOf: [{ type: 'integer' }, { type: 'boolean' }, { type: 'string' }] },
          },
          anyOf: [{ required: ['baseurl'] }, { required: ['metalink'] }, { required: ['mirrorlist'] }],
        },
      },
      description:
        'Repositories by name, each with any options of yum.conf(5): at least baseurl, metalink or mirrorlist.',
    },
  },
} as const

type Value = string | number | boolean

/** A line break in a value goes on indented, as yum reads it. */
const valueText = (value: Value): string =>
  typeof value === 'boolean' ? String(Number(value)) : String(value).trimEnd().replaceAll('\n', '\n\t')

const optionLines = (options: Readonly<Record<string, Value>>): string[] =>
  Object.entries(options)
    .map(([name, value]) => [name.toLowerCase().trim().replaceAll('-', '_'), value] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name} = ${valueText(value)}`)

const idOf = (name: string, key: string): string => {
  if (!/[/\n\]]/.test(name)) return name.replaceAll(' ', '-')
  throw new ConfigError(key, 'the name of a repository is the name of a file, without slashes')
}

export default defineModule({
  id: 'yum_add_repo',
  frequency: 'instance',
  distros: yumNames,
  activateBy: ['yum_repos'],
  schema,
  title: 'Adds package repositories for yum and dnf',
  description: 'One file for each. A file that is there already stays as it is.',
  examples: [
    '#cloud-config\nyum_repos:\n  my-repo:\n    name: My packages\n    baseurl: https://packages.example.com/$basearch/\n    gpgcheck: true\n    gpgkey: https://packages.example.com/key\n',
  ],
  run: async ({ yum_repos: repos = {}, yum_repo_dir: folder = '/etc/yum.repos.d' }, { machine }) => {
    const { attempt, finish } = attempts(machine.log)
    for (const [name, options] of Object.entries(repos)) {
      const key = `yum_repos.${name}`
      await attempt(key, () => {
        const id = idOf(name, key)
        const file = `${folder.replace(/\/+$/, '')}/${id}.repo`
        if (machine.files.exists(file)) {
          machine.log.info(`${key}: ${file} is there already and stays as it is`)
          return
        }
        const lines = optionLines(options as Readonly<Record<string, Value>>)
        const header = `# Created by cloud-init on ${httpTime(machine.clock.now())}`
        machine.files.write(file, [header, `[${id}]`, ...lines, '', ''].join('\n'))
      })
    }
    finish()
  },
})
