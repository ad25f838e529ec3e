import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'

/** A network interface of this machine, as far as finding a link's name needs it. */
export interface SystemNic {
  readonly name: string
  /** Lower case. Of an InfiniBand interface the 6-byte form that OpenStack uses. */
  readonly mac: string
  /** The full 20-byte hardware address of an InfiniBand interface. */
  readonly infinibandAddress?: string
}

/** Link types that stand for a plain network interface (nova's virt/netutils and vif types). */
const physicalTypes = new Set([
  'bgpovs',
  'bridge',
  'cascading',
  'dvs',
  'ethernet',
  'hostdev_physical',
  'hw_veb',
  'hyperv',
  'ovs',
  'phy',
  'tap',
  'vhostuser',
  'vif',
])
const linkKeys = ['name', 'mtu', 'params']
const subnetKeys = [
  'address',
  'netmask',
  'broadcast',
  'metric',
  'gateway',
  'pointopoint',
  'scope',
  'dns_nameservers',
  'dns_search',
]
const routeKeys = ['network', 'destination', 'netmask', 'gateway', 'metric']

interface Link {
  readonly id: string
  readonly type: string | undefined
  /** Lower case. */
  readonly mac: string | undefined
  readonly raw: JsonObject
}

/**
 * Converts OpenStack's network_data.json (nova, doc/api_schemas/network_data.json) to network config version 1.
 *
 * @param nics the machine's interfaces: links are named by their MAC address, because a link's id is the host's name.
 * @param warn gets a line for what was understood only by guessing.
 * @throws ConfigError naming the link when it can't be brought together with an interface, or when the document has
 *   another shape.
 */
export const networkFromOpenstack = (
  document: JsonObject,
  nics: readonly SystemNic[],
  warn: (message: string) => void = () => {},
): JsonObject => {
  const links = objectsAt(document, 'links').map(readLink)
  const networks = objectsAt(document, 'networks')
  const byId = new Map(links.map((link) => [link.id, link]))
  const names = namesOf(links, byId, nics)
  const devices = links.map((link) => {
    if (link.type !== 'bond' && link.type !== 'vlan' && link.type !== undefined && !physicalTypes.has(link.type))
      warn(`network_data.json: link ${link.id} has the unknown type ${link.type}; treating it as a physical interface`)
    return deviceOf(
      link,
      networks.filter((network) => network['link'] === link.id),
      names,
      nics,
    )
  })
  const nameservers = objectsAt(document, 'services').map((service) => ({ ...service, type: 'nameserver' }))
  return { version: 1, config: [...devices, ...nameservers] }
}

const objectsAt = (object: JsonObject, key: string): JsonObject[] => {
  const value = object[key] ?? []
  if (!Array.isArray(value)) throw new ConfigError(`network_data.json: ${key}`, 'is not a list')
  return value.map((item, index) => {
    if (!isJsonObject(item)) throw new ConfigError(`network_data.json: ${key}[${index}]`, 'is not a mapping')
    return item
  })
}

const readLink = (raw: JsonObject, index: number): Link => {
  const id = textAt(raw, 'id')
  if (id === undefined) throw new ConfigError(`network_data.json: links[${index}]`, 'has no id')
  return { id, type: textAt(raw, 'type'), mac: textAt(raw, 'ethernet_mac_address')?.toLowerCase(), raw }
}

const pick = (object: JsonObject, keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)))

/** Each link's name on this machine, by link id. */
const namesOf = (links: readonly Link[], byId: ReadonlyMap<string, Link>, nics: readonly SystemNic[]) => {
  const names = new Map<string, string>()
  let bonds = 0
  for (const link of links) {
    if (link.type === 'vlan') continue
    const given = textAt(link.raw, 'name')
    if (given !== undefined) names.set(link.id, given)
    else if (link.type === 'bond') names.set(link.id, `bond${bonds}`)
    else names.set(link.id, systemName(link, nics))
    if (link.type === 'bond') bonds += 1
  }
  const vlanName = (link: Link, seen: readonly string[]): string => {
    const parentId = textAt(link.raw, 'vlan_link')
    const parent = parentId === undefined ? undefined : byId.get(parentId)
    if (parent === undefined || seen.includes(parent.id))
      throw new ConfigError(`network_data.json: link ${link.id}`, `vlan_link ${parentId} is not another link`)
    const parentName = names.get(parent.id) ?? vlanName(parent, [...seen, link.id])
    return `${parentName}.${link.raw['vlan_id']}`
  }
  for (const link of links) {
    if (link.type === 'vlan') names.set(link.id, vlanName(link, [link.id]))
  }
  return names
}

const systemName = (link: Link, nics: readonly SystemNic[]): string => {
  if (link.mac === undefined)
    throw new ConfigError(`network_data.json: link ${link.id}`, 'has neither ethernet_mac_address nor name')
  const nic = nics.find(({ mac }) => mac.toLowerCase() === link.mac)
  if (nic === undefined)
    throw new ConfigError(`network_data.json: link ${link.id}`, `no interface of this machine has the MAC ${link.mac}`)
  return nic.name
}

const deviceOf = (
  link: Link,
  networks: readonly JsonObject[],
  names: ReadonlyMap<string, string>,
  nics: readonly SystemNic[],
): JsonObject => {
  const device: JsonObject = pick(link.raw, linkKeys)
  const acceptRa = networks.map(acceptRaOf).findLast((value) => value !== undefined)
  if (acceptRa !== undefined) device['accept-ra'] = acceptRa
  device['subnets'] = networks.map(subnetOf)
  device['name'] = names.get(link.id) ?? link.id
  if (link.type === 'bond') return { ...device, ...bondOf(link, names) }
  if (link.type === 'vlan') return { ...device, ...vlanOf(link, names) }
  const infiniband = nics.find(({ name }) => name === device['name'])?.infinibandAddress
  if (infiniband !== undefined) return { ...device, type: 'infiniband', mac_address: infiniband }
  return { ...device, type: 'physical', mac_address: link.mac ?? null }
}

const bondOf = (link: Link, names: ReadonlyMap<string, string>): JsonObject => {
  const members = link.raw['bond_links']
  if (!Array.isArray(members)) throw new ConfigError(`network_data.json: link ${link.id}`, 'bond_links is not a list')
  const options = Object.entries(link.raw).filter(([key]) => key.startsWith('bond_') && key !== 'bond_links')
  return {
    type: 'bond',
    ...(link.mac === undefined ? {} : { mac_address: link.mac }),
    params: Object.fromEntries(options.map(([key, value]) => [key.replace('_', '-'), value])),
    bond_interfaces: members.map((member) => {
      const name = names.get(String(member))
      if (name === undefined)
        throw new ConfigError(`network_data.json: link ${link.id}`, `bond_links names ${member}, which is not a link`)
      return name
    }),
  }
}

const vlanOf = (link: Link, names: ReadonlyMap<string, string>): JsonObject => {
  const parent = names.get(textAt(link.raw, 'vlan_link') ?? '') ?? null
  const mac = textAt(link.raw, 'vlan_mac_address')
  return {
    type: 'vlan',
    vlan_id: link.raw['vlan_id'] ?? null,
    ...(mac === undefined ? {} : { mac_address: mac }),
    vlan_link: parent,
  }
}

/** Whether router advertisements are to be heard, where a network's type decides it. */
const acceptRaOf = (network: JsonObject): boolean | undefined => {
  const type = textAt(network, 'type')
  if (type === 'ipv6_dhcpv6-stateful' || type === 'ipv6_dhcp') return true
  if (type === 'ipv6' || type === 'static6') return false
  return undefined
}

const subnetOf = (network: JsonObject): JsonObject => {
  const type = textAt(network, 'type') ?? 'static'
  const subnet: JsonObject = pick(network, subnetKeys)
  subnet['type'] = subnetType(type)
  if (subnet['type'] === 'static' || subnet['type'] === 'static6') subnet['address'] = network['ip_address'] ?? null
  if (type === 'ipv4') subnet['ipv4'] = true
  if (type === 'ipv6') subnet['ipv6'] = true
  const routes = objectsAt(network, 'routes')
  if (routes.length > 0) subnet['routes'] = routes.map((route) => pick(route, routeKeys))
  const nameservers = [network, ...routes].flatMap(nameserversOf)
  if (nameservers.length > 0) subnet['dns_nameservers'] = nameservers
  return subnet
}

const subnetType = (type: string): string => {
  if (type.startsWith('ipv6_dhcpv6') || type === 'ipv6_slaac') return type
  if (type.includes('dhcp')) return type.startsWith('ipv6') ? 'dhcp6' : 'dhcp4'
  if (type === 'ipv6' || type === 'static6') return 'static6'
  return type === 'ipv4' ? 'static' : type
}

const nameserversOf = (holder: JsonObject): Json[] =>
  objectsAt(holder, 'services')
    .filter((service) => service['type'] === 'dns')
    .flatMap((service) => (service['address'] === undefined ? [] : [service['address']]))
