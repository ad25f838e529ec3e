import { ConfigError } from '../../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt } from '../../machine/json.ts'
import { checkAddress, readAddress, shown } from '../address.ts'
import {
  dnsOf,
  flagField,
  itemsOf,
  macField,
  numberField,
  objectsField,
  optional,
  textField,
  within,
} from '../fields.ts'
import type { Dns, Family, Link, LinkOption, LinkType, NetworkModel, Route, Subnet } from '../model.ts'
import { noDns } from '../model.ts'
import { completeLinks } from './complete-links.ts'
import { checkLinkName, checkLinks } from './link-names.ts'
import { bondAliases, bondNames, bridgeNames } from './option-names.ts'
import { readRoute } from './subnets.ts'
import type { Warn } from './v1.ts'

/** An interface of this machine. */
export interface HostNic {
  readonly name: string
  readonly mac: string
  readonly driver?: string | undefined
}

const sections: Readonly<Record<string, LinkType>> = {
  ethernets: 'physical',
  bonds: 'bond',
  bridges: 'bridge',
  vlans: 'vlan',
}

/**
 * Reads network config version 2.
 * @param nics the machine's interfaces: where `match` has a MAC address and nothing names the interface, its own name
 * @throws ConfigError naming the key; also for a section that only netplan understands
 */
export const parseV2 = (document: JsonObject, nics: readonly HostNic[], warn: Warn): NetworkModel => {
  const links = new Map<string, Link>()
  for (const [section, devices] of Object.entries(document)) {
    if (section === 'version' || section === 'renderer') continue
    if (section === 'wifis') {
      warn('wifis: only netplan can set up wireless networks; they are left out')
      continue
    }
    const type = sections[section]
    if (type === undefined) throw new ConfigError(section, 'is unknown, or only netplan understands it')
    if (devices !== null && !isJsonObject(devices)) throw new ConfigError(section, 'must be a mapping')
    for (const [id, device] of Object.entries(devices ?? {})) {
      const link = within(`${section}.${id}`, () => readLink(id, device, type, nics))
      links.set(id, link)
      if (isJsonObject(device)) warnOfGateways(device, link, `${section}.${id}`, warn)
    }
  }
  const complete = completeLinks(withNames(links))
  const paths = new Map([...links.values()].map((link) => [link.name, pathOf(link)]))
  checkLinks(complete.links, (name) => paths.get(name) ?? name)
  return { ...complete, dns: noDns, routes: [], netplan: document }
}

/** A gateway without an address of its family leads nowhere. */
const warnOfGateways = (device: JsonObject, link: Link, path: string, warn: Warn): void => {
  for (const family of [4, 6] as const) {
    if (device[`gateway${family}`] === undefined) continue
    if (link.subnets.some(({ address }) => address?.family === family)) continue
    warn(`${path}.gateway${family}: the link has no IPv${family} address of its own; the gateway is left out`)
  }
}

const pathOf = ({ type, id }: Link): string =>
  `${Object.keys(sections).find((section) => sections[section] === type) ?? type}.${id}`

/** Links call each other by their keys in the document; the model by their names. */
const withNames = (links: ReadonlyMap<string, Link>): Map<string, Link> => {
  const nameOf = (id: string): string => links.get(id)?.name ?? id
  const named = new Map<string, Link>()
  for (const link of links.values()) {
    const other = named.get(link.name)
    if (other !== undefined)
      throw new ConfigError(
        `${pathOf(link)}.set-name`,
        `the name ${link.name} is given to two interfaces: also to ${pathOf(other)}`,
      )
    named.set(link.name, {
      ...link,
      ...(link.bond && { bond: { ...link.bond, members: link.bond.members.map(nameOf) } }),
      ...(link.bridge && { bridge: { ...link.bridge, ports: link.bridge.ports.map(nameOf) } }),
      ...(link.vlan && { vlan: { ...link.vlan, link: nameOf(link.vlan.link) } }),
    })
  }
  return named
}

const readLink = (id: string, raw: Json, type: LinkType, nics: readonly HostNic[]): Link => {
  if (raw !== null && !isJsonObject(raw)) throw new ConfigError('value', 'must be a mapping')
  const device = raw ?? {}
  const match = objectAt(device, 'match')
  const mac = macField(match, 'macaddress') ?? macField(device, 'macaddress')
  const dns = readDns(device)
  return {
    name: checkLinkName(nameOf(id, device, match, nics), 'set-name'),
    id: checkLinkName(id, 'key'),
    type,
    ...optional('mac', mac === undefined ? undefined : mac.toLowerCase()),
    ...optional('mtu', numberField(device, 'mtu')),
    ...optional('driver', driverOf(match)),
    ...optional('acceptRa', flagField(device, 'accept-ra')),
    ...optional('wakeOnLan', flagField(device, 'wakeonlan')),
    ...optional('optional', flagField(device, 'optional')),
    subnets: readSubnets(device, dns),
    ...(device['routes'] !== undefined && { routes: readRoutes(device) }),
    ...(objectAt(device, 'nameservers')['addresses'] !== undefined && { dns }),
    ...(type === 'bond' && { bond: { members: namesAt(device), options: bondOptions(device) } }),
    ...(type === 'bridge' && { bridge: { ports: namesAt(device), options: bridgeOptions(device) } }),
    ...vlanOf(device, type),
    ...optional('dhcp4Overrides', mappingAt(device, 'dhcp4-overrides')),
    ...optional('dhcp6Overrides', mappingAt(device, 'dhcp6-overrides')),
    ...optional('dhcp4Domain', device['dhcp4domain']),
    ...optional('dhcp6Domain', device['dhcp6domain']),
    ...(device['routing-policy'] !== undefined && { routingPolicy: objectsField(device, 'routing-policy') }),
  }
}

const vlanOf = (device: JsonObject, type: LinkType): Pick<Link, 'vlan'> => {
  const id = numberField(device, 'id')
  const link = textField(device, 'link')
  return type !== 'vlan' || id === undefined || link === undefined ? {} : { vlan: { id, link } }
}

const nameOf = (id: string, device: JsonObject, match: JsonObject, nics: readonly HostNic[]): string => {
  const given = textField(device, 'set-name')
  if (given !== undefined) return given
  const mac = textField(match, 'macaddress')?.toLowerCase()
  if (mac === undefined) return id
  const same = nics.filter((nic) => nic.mac.toLowerCase() === mac)
  const driver = driverOf(match)
  return (same.find((nic) => nic.driver === driver) ?? same[0])?.name ?? id
}

const driverOf = (match: JsonObject): string | undefined => {
  const drivers = match['driver']
  const [driver] = drivers === undefined ? [] : itemsOf(drivers, 'match.driver')
  return driver === undefined || /^[\w.*?-]+$/.test(driver) ? driver : undefined
}

const mappingAt = (device: JsonObject, key: string): JsonObject | undefined => {
  const value = device[key]
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw new ConfigError(key, 'must be a mapping')
  return value
}

const namesAt = (device: JsonObject): string[] =>
  itemsOf(device['interfaces'] ?? [], 'interfaces').map((name) => checkLinkName(name, 'interfaces'))

const readDns = (device: JsonObject): Dns => {
  const dns = dnsOf(objectAt(device, 'nameservers'), 'addresses', 'search')
  for (const server of dns.servers) checkAddress(server, 'nameservers.addresses')
  return dns
}

const readSubnets = (device: JsonObject, dns: Dns): Subnet[] => {
  const subnets: Subnet[] = [...dhcpSubnet(device, 4), ...dhcpSubnet(device, 6)]
  const gateways = new Map<Family, string>()
  for (const [key, family] of [
    ['gateway4', 4],
    ['gateway6', 6],
  ] as const) {
    const gateway = textField(device, key)
    if (gateway !== undefined) gateways.set(family, checkAddress(gateway, key))
  }
  for (const [index, given] of listAt(device, 'addresses').entries()) {
    // netplan lets an address be a mapping of one: the address and its options.
    const text = isJsonObject(given) ? (Object.keys(given)[0] ?? '') : String(given)
    const address = readAddress(text, undefined, `addresses[${index}]`)
    const gateway = gateways.get(address.family)
    gateways.delete(address.family)
    subnets.push({
      type: address.family === 6 ? 'static6' : 'static',
      family: address.family,
      address,
      ...optional('gateway', gateway),
      dns,
      routes: [],
    })
  }
  return subnets
}

const dhcpSubnet = (device: JsonObject, family: Family): Subnet[] => {
  if (flagField(device, `dhcp${family}`) !== true) return []
  const metric = numberField(objectAt(device, `dhcp${family}-overrides`), 'route-metric')
  return [{ type: family === 4 ? 'dhcp4' : 'dhcp6', family, ...optional('metric', metric), dns: noDns, routes: [] }]
}

const listAt = (device: JsonObject, key: string): Json[] => {
  const value = device[key]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new ConfigError(key, 'must be a list')
  return value
}

const readRoutes = (device: JsonObject): Route[] =>
  objectsField(device, 'routes').map((route, index) => within(`routes[${index}]`, () => readV2Route(route)))

const readV2Route = (raw: JsonObject): Route => {
  const { to, via, ...rest } = raw
  if (to === undefined) throw new ConfigError('to', 'is missing: a route needs a destination')
  return readRoute({ ...rest, destination: to, ...(via !== undefined && { gateway: via }) })
}

const bondOptions = (device: JsonObject): LinkOption[] => {
  const names = new Map(bondNames)
  return Object.entries(objectAt(device, 'parameters')).flatMap(([key, value]): LinkOption[] => {
    const name = names.get(bondAliases[key] ?? key) ?? names.get(key)
    if (name === undefined) throw new ConfigError(`parameters.${key}`, `${shown(key)} is not a parameter of a bond`)
    return [[name, value]]
  })
}

const bridgeOptions = (device: JsonObject): LinkOption[] => {
  const names = new Map(bridgeNames)
  return Object.entries(objectAt(device, 'parameters')).flatMap(([key, value]): LinkOption[] => {
    const name = names.get(key)
    if (name === undefined) throw new ConfigError(`parameters.${key}`, `${shown(key)} is not a parameter of a bridge`)
    return [[name, isJsonObject(value) ? Object.entries(value).map(([port, cost]) => `${port} ${cost}`) : value]]
  })
}
