import { defineModule, type ModuleContext } from '../src/cloudconfig/module.ts'
import { suseNames } from '../src/distros/names.ts'
import { renderTemplate } from '../src/distros/render-template.ts'
import { ConfigError } from '../src/machine/errors.ts'
import type { Json, JsonObject } from '../src/machine/json.ts'

const schema = {
  type: 'object',
  properties: {
    manage_resolv_conf: { type: 'boolean', default: false, description: 'Whether anything is done.' },
    resolv_conf: {
      type: 'object',
      additionalProperties: false,
      properties: {
        nameservers: { type: 'array', description: 'Addresses of name servers.' },
        searchdomains: { type: 'array', description: 'Domains in which short names are looked for.' },
        domain: { type: 'string', description: 'The machine’s own domain.' },
        sortlist: { type: 'array', description: 'Networks whose addresses are preferred.' },
        options: { type: 'object', description: 'Options of resolv.conf(5): `timeout: 1`, `rotate: true`.' },
      },
    },
  },
} as const

interface Resolver {
  readonly nameservers: readonly string[]
  readonly searchdomains: readonly string[]
  readonly domain: string | undefined
  readonly sortlist: readonly string[]
  /** Options without a value. */
  readonly flags: readonly string[]
  readonly options: Readonly<Record<string, string>>
}

const note = '# Written once for each instance, by resolv_conf in the configuration.'

const line = (word: string, values: readonly string[]): string[] =>
  values.length === 0 ? [] : [[word, ...values].join(' ')]

/** resolv.conf(5) */
const resolvConf = ({ nameservers, searchdomains, domain, sortlist, flags, options }: Resolver): string => {
  const valued = Object.entries(options)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}:${value}`)
  return [
    note,
    ...nameservers.map((address) => `nameserver ${address}`),
    ...line('search', searchdomains),
    ...line('domain', domain === undefined ? [] : [domain]),
    ...line('sortlist', sortlist),
    ...line('options', [...flags, ...valued]),
    '',
  ].join('\n')
}

/** resolved.conf(5), for distributions that keep it there. */
const resolvedConf = ({ nameservers, searchdomains }: Resolver): string =>
  [
    note,
    '[Resolve]',
    'LLMNR=false',
    ...(nameservers.length > 0 ? [`DNS=${nameservers.join(' ')}`] : []),
    ...(searchdomains.length > 0 ? [`Domains=${searchdomains.join(' ')}`] : []),
    '',
  ].join('\n')

interface Place {
  readonly file: string
  readonly template: string
  readonly render: (resolver: Resolver) => string
}

const usual: Place = { file: '/etc/resolv.conf', template: 'resolv.conf.tmpl', render: resolvConf }
const resolved: Place = {
  file: '/etc/systemd/resolved.conf',
  template: 'systemd.resolved.conf.tmpl',
  render: resolvedConf,
}
const usesResolved: ReadonlySet<string> = new Set(['azurelinux', 'mariner', 'photon'])

const word = (key: string, value: unknown): string => {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  if (/^[^\s]+$/.test(text)) return text
  throw new ConfigError(`resolv_conf.${key}`, 'expected an address or a name')
}

/** Options that are false are left out; those that are true have no value. */
const readResolver = (given: {
  readonly nameservers?: readonly unknown[]
  readonly searchdomains?: readonly unknown[]
  readonly domain?: string
  readonly sortlist?: readonly unknown[]
  readonly options?: Readonly<Record<string, unknown>>
}): Resolver => {
  const words = (key: string, values: readonly unknown[] = []) =>
    values.map((value, index) => word(`${key}[${index}]`, value))
  const options = Object.entries(given.options ?? {})
  return {
    nameservers: words('nameservers', given.nameservers),
    searchdomains: words('searchdomains', given.searchdomains),
    domain: given.domain === undefined ? undefined : word('domain', given.domain),
    sortlist: words('sortlist', given.sortlist),
    flags: options.filter(([, value]) => value === true).map(([name]) => word('options', name)),
    options: Object.fromEntries(
      options
        .filter(([, value]) => typeof value !== 'boolean' && value !== null)
        .map(([name, value]) => [word('options', name), word(`options.${name}`, value)]),
    ),
  }
}

/** Templates tell what was given from what was not. */
const templateValues = (resolver: Resolver): JsonObject => {
  const { nameservers, searchdomains, domain, sortlist, flags, options } = resolver
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ['nameservers', nameservers],
    ['searchdomains', searchdomains],
    ['sortlist', sortlist],
  ]
  const values: Record<string, Json> = { flags: [...flags], options: { ...options } }
  for (const [name, list] of lists) if (list.length > 0) values[name] = [...list]
  if (domain !== undefined) values['domain'] = domain
  return values
}

const write = async ({ machine, distro, paths }: ModuleContext, resolver: Resolver): Promise<void> => {
  const { file, template, render } = usesResolved.has(distro.id) ? resolved : usual
  const image = machine.files.readTextIfExists(`${paths.templates}/${template}`)
  const text = image === undefined ? render(resolver) : await renderTemplate(image, templateValues(resolver))
  machine.files.write(file, text)
}

export default defineModule({
  id: 'resolv_conf',
  frequency: 'instance',
  distros: ['alpine', 'azurelinux', 'fedora', 'mariner', 'openeuler', 'photon', 'rhel', ...suseNames],
  activateBy: ['manage_resolv_conf'],
  schema,
  title: 'Writes /etc/resolv.conf',
  description: 'For networks that don’t say which name servers there are. Usually the network configuration does.',
  examples: [
    '#cloud-config\nmanage_resolv_conf: true\nresolv_conf:\n  nameservers: [192.0.2.1, 192.0.2.2]\n  searchdomains: [example.com]\n  options: {rotate: true, timeout: 1}\n',
  ],
  run: async ({ manage_resolv_conf: isWanted, resolv_conf: given }, context) => {
    if (!isWanted) return
    if (given === undefined) {
      context.machine.log.warning('manage_resolv_conf is true, but resolv_conf does not say what to write')
      return
    }
    await write(context, readResolver(given))
  },
})
