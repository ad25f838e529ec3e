import { createHash } from 'node:crypto'
import {
  cidr,
  isDefaultRoute,
  type Link,
  type NetworkModel,
  type Route,
  routesOf,
  routeTarget,
  type Subnet,
} from '../model.ts'
import { underscored } from '../parse/option-names.ts'
import { serversOf } from '../parse/subnets.ts'
import { header, type RenderedFile, type Renderer, warnOfMachineRoutes } from './renderer.ts'

/** Keyfiles of NetworkManager (nm-settings-keyfile(5)). They may hold secrets, so only root reads them. */
export const renderNetworkManager: Renderer = (model, options) => {
  warnOfMachineRoutes(model, options)
  const bridges = new Map(
    model.links.flatMap(({ name, bridge }) => (bridge?.ports ?? []).map((port) => [port, name] as const)),
  )
  return [
    ...model.links
      .filter(({ type }) => type !== 'loopback')
      .map((link) => keyfile(link, connection(link, bridges.get(link.name), model))),
    {
      path: '/etc/NetworkManager/conf.d/30-cloud-init-ip6-addr-gen-mode.conf',
      content: addressMode,
      mode: 0o600,
    },
  ]
}

/** Clouds hand out addresses made from the MAC address (EUI-64), as older versions of NetworkManager used. */
const addressMode = `${header}[.config]
  enable=nm-version-min:1.40
[connection.30-cloud-init-ip6-addr-gen-mode]
  ipv6.addr-gen-mode=0
`

const keyfile = (link: Link, sections: Sections): RenderedFile => ({
  path: `/etc/NetworkManager/system-connections/cloud-init-${link.id}.nmconnection`,
  content:
    header +
    [...sections]
      .map(([name, values]) => `\n[${name}]\n${[...values].map(([key, value]) => `${key}=${value}\n`).join('')}`)
      .join(''),
  mode: 0o600,
})

type Sections = Map<string, Map<string, string>>

const section = (sections: Sections, name: string): Map<string, string> => {
  const values = sections.get(name) ?? new Map<string, string>()
  sections.set(name, values)
  return values
}

/** Namespace of the version 5 UUIDs, cloud-init's: an upgraded machine keeps its connections. */
const namespace = Buffer.from('a3924cb809e043e9890b77972a800108', 'hex')

/** The same for the same name, so that a rewritten connection is the same connection (RFC 9562, 5.5). */
export const connectionUuid = (name: string): string => {
  const digest = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16)
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6)
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8)
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const typeNames = {
  physical: 'ethernet',
  infiniband: 'infiniband',
  bond: 'bond',
  bridge: 'bridge',
  vlan: 'vlan',
  loopback: 'loopback',
} as const

const connection = (link: Link, bridge: string | undefined, model: NetworkModel): Sections => {
  const sections: Sections = new Map()
  const type = typeNames[link.type]
  const general = section(sections, 'connection')
  general.set('id', `cloud-init ${link.name}`)
  general.set('uuid', connectionUuid(link.name))
  general.set('autoconnect-priority', '120')
  general.set('type', type)
  const isFoundByMac = link.mac !== undefined && (type === 'ethernet' || type === 'infiniband')
  if (link.bondMaster !== undefined) {
    general.set('slave-type', 'bond')
    general.set('master', connectionUuid(link.bondMaster))
  }
  if (!isFoundByMac) general.set('interface-name', link.name)
  if (link.bondMaster === undefined && bridge !== undefined) {
    general.set('slave-type', 'bridge')
    general.set('master', connectionUuid(bridge))
  }
  section(sections, 'user').set('org.freedesktop.NetworkManager.origin', 'cloud-init')
  addDevice(sections, link, type, model)
  addAddresses(sections, link)
  addDns(sections, link, model)
  return sections
}

const addDevice = (sections: Sections, link: Link, type: string, model: NetworkModel): void => {
  const device = section(sections, type)
  // NetworkManager takes no connection of this type without it.
  if (type === 'infiniband') device.set('transport-mode', 'datagram')
  if (link.wakeOnLan === true) device.set('wake-on-lan', '64')
  const mtu = mtuOf(link)
  if (mtu !== undefined && type !== 'vlan' && type !== 'bridge')
    section(sections, type === 'infiniband' ? type : 'ethernet').set('mtu', String(mtu))
  if (link.mac !== undefined && type !== 'bond' && type !== 'vlan')
    device.set('mac-address', link.mac.toUpperCase().replaceAll('-', ':'))
  if (link.vlan !== undefined) {
    device.set('id', String(link.vlan.id))
    const parent = link.vlan.link
    device.set('parent', model.links.some(({ name }) => name === parent) ? connectionUuid(parent) : parent)
  }
  for (const [name, value] of link.bond?.options ?? []) {
    if (!name.startsWith('bond-')) continue
    const option = underscored(name).slice('bond-'.length)
    if (value !== null) device.set(option, Array.isArray(value) ? value.join(',') : String(value))
  }
  for (const [name, value] of link.bridge?.options ?? []) {
    const key = bridgeKeys[underscored(name)]
    if (key !== undefined && value !== null) device.set(key, String(value))
  }
}

/** An MTU of an IPv4 subnet is meant for the whole interface. */
const mtuOf = (link: Link): Link['mtu'] =>
  link.subnets.find(({ family, mtu }) => family === 4 && mtu !== undefined)?.mtu ?? link.mtu

const bridgeKeys: Readonly<Record<string, string>> = {
  bridge_stp: 'stp',
  bridge_bridgeprio: 'priority',
}

const ipSection = (family: 4 | 6): string => `ipv${family}`

const addAddresses = (sections: Sections, link: Link): void => {
  const dynamic = new Set(link.subnets.filter(isAutomatic).map(({ family }) => family))
  if (link.type === 'bond' && link.subnets.length === 0) {
    for (const family of [4, 6] as const) disable(section(sections, ipSection(family)))
  }
  // What a router hands out is all that is wanted.
  if (link.subnets.length > 0 && link.subnets.every(({ type }) => type === 'ipv6_slaac'))
    section(sections, ipSection(4)).set('method', 'disabled')
  for (const subnet of link.subnets)
    addSubnet(sections, subnet, dynamic.size > 1 || subnet.type === 'manual' || subnet.type === 'auto')
  for (const family of [4, 6] as const) {
    for (const [index, route] of routesOf(link)
      .filter((candidate) => candidate.family === family)
      .entries())
      addRoute(section(sections, ipSection(family)), route, index + 1)
    const ip = sections.get(ipSection(family))
    if (ip !== undefined) completeMethod(ip, family)
  }
}

/**
 * NetworkManager refuses the whole connection where a section has no method, where `manual` has no address, and where a
 * gateway has none. Routes alone are kept by a method that configures little.
 */
const completeMethod = (ip: Map<string, string>, family: 4 | 6): void => {
  if (ip.has('address1')) return
  ip.delete('gateway')
  if (ip.has('method') && ip.get('method') !== 'manual') return
  const hasRoutes = ip.has('route1')
  ip.set('method', !hasRoutes ? 'disabled' : family === 6 ? 'auto' : 'link-local')
  ip.set('may-fail', 'true')
}

const disable = (ip: Map<string, string>): void => {
  ip.set('method', 'disabled')
  ip.set('may-fail', 'false')
}

const isAutomatic = ({ type }: Subnet): boolean => type.startsWith('dhcp') || type.startsWith('ipv6_')

const addSubnet = (sections: Sections, subnet: Subnet, mayFail: boolean): void => {
  const ip = section(sections, ipSection(subnet.family))
  if (!ip.has('method') || ip.get('method') === 'manual') {
    ip.set('method', method(subnet))
    ip.set('may-fail', String(mayFail))
  }
  if (subnet.address !== undefined) ip.set(`address${nextNumber(ip, 'address')}`, cidr(subnet.address))
  if (subnet.gateway !== undefined) ip.set('gateway', subnet.gateway)
  if (subnet.metric !== undefined) ip.set('route-metric', String(subnet.metric))
}

const method = ({ type }: Subnet): string => {
  if (type === 'static' || type === 'static6') return 'manual'
  return type === 'ipv6_dhcpv6-stateful' ? 'dhcp' : 'auto'
}

const nextNumber = (values: ReadonlyMap<string, string>, prefix: string): number => {
  let number = 1
  while (values.has(`${prefix}${number}`)) number += 1
  return number
}

/** The metric of a default route is that of the whole connection. */
const addRoute = (ip: Map<string, string>, route: Route, number: number): void => {
  const words = [routeTarget(route)]
  if (route.gateway !== undefined) words.push(route.gateway)
  if (route.metric !== undefined) {
    if (isDefaultRoute(route)) ip.set('route-metric', String(route.metric))
    else words.push(String(route.metric))
  }
  ip.set(`route${number}`, words.join(','))
  const options = [
    ...(route.mtu === undefined ? [] : [`mtu=${route.mtu}`]),
    ...(route.onLink === true ? ['onlink=true'] : []),
  ]
  if (options.length > 0) ip.set(`route${number}_options`, options.join(','))
}

const addDns = (sections: Sections, link: Link, model: NetworkModel): void => {
  const own = [...link.subnets.map(({ dns }) => dns), ...(link.dns === undefined ? [] : [link.dns])]
  const hasOwn = own.some(({ servers, search }) => servers.length + search.length > 0)
  const all = hasOwn ? own : [model.dns]
  const dns = {
    servers: [...new Set(all.flatMap(({ servers }) => servers))],
    search: [...new Set(all.flatMap(({ search }) => search))],
  }
  for (const family of [4, 6] as const) {
    const ip = sections.get(ipSection(family))
    if (ip === undefined || ip.get('method') === 'disabled') continue
    const servers = serversOf(dns, family)
    if (servers.length > 0) ip.set('dns', `${servers.join(';')};`)
    if (dns.search.length > 0) ip.set('dns-search', `${dns.search.join(';')};`)
  }
}
