import { defineModule } from '../src/cloudconfig/module.ts'
import { chooseHostname, isUsableInFile } from '../src/distros/hostname.ts'
import { hostsTemplate } from '../src/distros/hosts-templates.ts'
import { renderTemplate } from '../src/distros/render-template.ts'
import { ConfigError, messageOf } from '../src/machine/errors.ts'

const schema = {
  type: 'object',
  properties: {
    manage_etc_hosts: {
      default: false,
      description:
        'True: /etc/hosts is written anew at every boot, by the template hosts.<family>.tmpl. `localhost`: only the ' +
        'line with the machine’s own name is kept right. False: it is left alone.',
      oneOf: [
        { enum: [true, false, 'localhost'] },
        {
          enum: ['template'],
          changed: true,
          changed_version: '22.3',
          changed_description: 'Use of **template** is deprecated, use `true` instead.',
        },
      ],
    },
    fqdn: { type: 'string', description: 'The fully qualified name; see set_hostname.' },
    hostname: { type: 'string', description: 'The host name; see set_hostname.' },
  },
} as const

const hostsFile = '/etc/hosts'

/** Blanks and a comment are no part of an entry. */
const wordsOf = (line: string): string[] => (line.split('#', 1)[0] ?? '').trim().split(/\s+/).filter(Boolean)

/** The file with a line `address fqdn hostname`; entries of that address go to the end, the new one last. */
const withOwnLine = (text: string, address: string, fqdn: string, hostname: string): string => {
  const lines = text.replace(/\n+$/, '').split('\n')
  const isOwn = (line: string): boolean => wordsOf(line)[0] === address
  const own = lines.filter(isOwn).map(wordsOf)
  const isThere = own.some(([, canonical, ...aliases]) => canonical === fqdn && aliases.includes(hostname))
  if (isThere) return text
  const others = lines.filter((line) => !isOwn(line))
  return [...others, ...own.map((words) => words.join(' ')), `${address} ${fqdn} ${hostname}`, '']
    .join('\n')
    .trimStart()
}

export default defineModule({
  id: 'update_etc_hosts',
  frequency: 'always',
  distros: 'all',
  activateBy: ['manage_etc_hosts'],
  title: 'Keep /etc/hosts up to date',
  examples: [
    '#cloud-config\nmanage_etc_hosts: true\nfqdn: web1.example.com\n',
    '#cloud-config\nmanage_etc_hosts: localhost\n',
  ],
  schema,
  run: async (config, { machine, distro, instance, paths }) => {
    const manage = config.manage_etc_hosts
    if (!manage) return
    const { hostname, fqdn } = chooseHostname(config, instance, machine)
    for (const name of [hostname, fqdn]) {
      if (!isUsableInFile(name))
        throw new ConfigError('hostname', `"${name}" is no name for /etc/hosts: it stays as it is`)
    }
    if (manage === 'localhost') {
      const text = machine.files.readTextIfExists(hostsFile) ?? ''
      machine.files.write(hostsFile, withOwnLine(text, distro.identity.ownAddress, fqdn, hostname), { mode: 0o644 })
      return
    }
    if (manage === 'template') machine.log.deprecated('manage_etc_hosts: `template` is deprecated; use true')
    const file = `${paths.templates}/hosts.${distro.family}.tmpl`
    const template = machine.files.readTextIfExists(file) ?? hostsTemplate(distro.family)
    const rendered = await renderTemplate(template, { hostname, fqdn }).catch((error: unknown) => {
      throw new ConfigError(file, `it is no usable template: ${messageOf(error)}`)
    })
    machine.files.write(hostsFile, rendered, { mode: 0o644 })
  },
})
