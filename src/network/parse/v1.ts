import { ConfigError } from '../../machine/errors.ts'
import { isJsonObject, type JsonObject, objectAt } from '../../machine/json.ts'
import { shown } from '../address.ts'
import {
  dnsOf,
  flagField,
  isYes,
  itemsOf,
  macField,
  numberField,
  objectsField,
  optional,
  textField,
  within,
} from '../fields.ts'
import type { Dns, Link, LinkOption, LinkType, NetworkModel, Route } from '../model.ts'
import { completeLinks } from './complete-links.ts'
import { checkLinkName, checkLinks } from './link-names.ts'
import { dashed, underscored } from './option-names.ts'
import { readRoute, readSubnet, serversAlone } from './subnets.ts'

export type Warn = (message: string) => void

interface Draft {
  readonly links: Map<string, Link>
  /** By interface name. */
  readonly paths: Map<string, string>
  readonly dns: Dns[]
  /** By interface name. */
  readonly linkDns: Map<string, Dns>
  readonly routes: Route[]
}

/** What an entry can't do without, by its type. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  physical: ['name'],
  infiniband: ['name'],
  loopback: ['name'],
  vlan: ['name', 'vlan_link', 'vlan_id'],
  bond: ['name', 'bond_interfaces', 'params'],
  bridge: ['name', 'bridge_interfaces'],
  nameserver: ['address'],
  route: ['destination'],
}

/**
 * Reads network config version 1. An entry without its required keys is left out, with a warning.
 * @throws ConfigError naming the key
 */
export const parseV1 = (document: JsonObject, warn: Warn): NetworkModel => {
  const draft: Draft = { links: new Map(), paths: new Map(), dns: [], linkDns: new Map(), routes: [] }
  for (const [index, entry] of objectsField(document, 'config').entries()) {
    within(`config[${index}]`, () => readEntry(entry, index, draft, warn))
  }
  const complete = completeLinks(draft.links)
  const links = complete.links.map((link) => ({
    ...link,
    ...optional('dns', draft.linkDns.get(link.name)),
  }))
  checkLinks(links, (name) => draft.paths.get(name) ?? name)
  return {
    links,
    impliedLinks: complete.impliedLinks,
    dns: { servers: draft.dns.flatMap(({ servers }) => servers), search: draft.dns.flatMap(({ search }) => search) },
    routes: draft.routes,
  }
}

const readEntry = (entry: JsonObject, index: number, draft: Draft, warn: Warn): void => {
  const type = textField(entry, 'type') ?? ''
  const required = requiredKeys[type]
  if (required === undefined)
    throw new ConfigError('type', `${shown(type)} is unknown; known: ${Object.keys(requiredKeys).join(', ')}`)
  const missing = required.filter((key) => entry[key] === undefined || (key === 'name' && entry[key] === null))
  if (missing.length > 0) {
    warn(`config[${index}]: a ${type} without ${missing.join(' and ')} is left out`)
    return
  }
  if (type === 'nameserver') {
    readNameserver(entry, draft)
  } else if (type === 'route') {
    draft.routes.push(readRoute(entry))
  } else {
    const link = readLink(entry, type as LinkType)
    draft.links.set(link.name, link)
    draft.paths.set(link.name, `config[${index}]`)
  }
}

const readNameserver = (entry: JsonObject, draft: Draft): void => {
  const dns = serversAlone(dnsOf(entry, 'address', 'search'), 'address')
  const name = textField(entry, 'interface')
  if (name !== undefined) draft.linkDns.set(name, dns)
  else draft.dns.push(dns)
}

const readLink = (entry: JsonObject, type: LinkType): Link => {
  const name = checkLinkName(textField(entry, 'name') ?? '', 'name')
  const mac = macField(entry, 'mac_address')
  const subnets = objectsField(entry, 'subnets')
  return {
    name,
    id: name,
    type,
    ...optional('mac', mac),
    ...optional('mtu', numberField(entry, 'mtu')),
    ...optional('driver', textField(objectAt(entry, 'params'), 'driver')),
    ...optional('acceptRa', flagField(entry, 'accept-ra')),
    ...optional('wakeOnLan', flagField(entry, 'wakeonlan')),
    ...optional('optional', flagField(entry, 'optional')),
    ...optional('keepConfiguration', flagField(entry, 'keep_configuration')),
    subnets: subnets.map((subnet, index) => within(`subnets[${index}]`, () => readSubnet(subnet))),
    ...(type === 'vlan' && {
      vlan: {
        id: numberField(entry, 'vlan_id') ?? 0,
        link: checkLinkName(textField(entry, 'vlan_link') ?? '', 'vlan_link'),
      },
    }),
    ...(type === 'bond' && { bond: { members: namesAt(entry, 'bond_interfaces'), options: optionsOf(entry, 'bond') } }),
    ...(type === 'bridge' && {
      bridge: { ports: namesAt(entry, 'bridge_interfaces'), options: optionsOf(entry, 'bridge') },
    }),
  }
}

const namesAt = (entry: JsonObject, key: string): string[] =>
  itemsOf(entry[key] ?? [], key).map((name) => checkLinkName(name, key))

const optionsOf = (entry: JsonObject, kind: 'bond' | 'bridge'): LinkOption[] => {
  const params = entry['params'] ?? {}
  if (!isJsonObject(params)) throw new ConfigError('params', 'must be a mapping')
  return Object.entries(params).map(([key, value]): LinkOption => {
    if (!/^[\w-]+$/.test(key)) throw new ConfigError('params', `${shown(key)} is not the name of an option`)
    if (underscored(key) === 'bridge_stp') return [key, readStp(value)]
    // Only options of the kind itself reach interfaces(5), where other words are commands.
    return [key.startsWith(kind) ? key : `${kind}-${dashed(key)}`, value]
  })
}

/** @throws ConfigError for a value that is neither on nor off. */
const readStp = (value: LinkOption[1]): boolean => {
  if (isYes(value)) return true
  if (['false', '0', 'off', 'no'].includes(String(value).toLowerCase())) return false
  throw new ConfigError('params.bridge_stp', `${shown(String(value))} is neither on nor off`)
}
