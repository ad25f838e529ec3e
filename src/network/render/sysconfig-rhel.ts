import { ConfigError } from '../../machine/errors.ts'
import { ipv4Mask } from '../address.ts'
import { cidr, hasDefaultRoute, isDynamic, isStatic, type Link, type LinkType, type Subnet } from '../model.ts'
import { underscored } from '../parse/option-names.ts'
import { bondingOptions } from './bonding-options.ts'
import type { KeyValues } from './key-values.ts'
import { rhelDefaultRoutes } from './sysconfig-routes.ts'
import type { Surroundings } from './sysconfig-surroundings.ts'

const typeNames: Partial<Record<LinkType, string>> = {
  physical: 'Ethernet',
  infiniband: 'InfiniBand',
  bond: 'Bond',
  bridge: 'Bridge',
}

/** One ifcfg file of network-scripts (initscripts, sysconfig.txt, "ifcfg-<interface-name>"). */
export const rhelLink = (link: Link, around: Surroundings): KeyValues => {
  const values: KeyValues = new Map([
    ['BOOTPROTO', 'none'],
    ['DEVICE', link.name],
    ['ONBOOT', link.subnets.some(isLeftAlone) ? 'no' : 'yes'],
    ['USERCTL', 'no'],
  ])
  const type = typeNames[link.type]
  if (type !== undefined) values.set('TYPE', type)
  addDevice(values, link, around)
  if (link.acceptRa !== undefined && link.subnets.length > 0)
    values.set('IPV6_FORCE_ACCEPT_RA', link.acceptRa ? 'yes' : 'no')
  addSubnets(values, link)
  addDns(values, link)
  addDefaultRoutes(values, link)
  if (values.get('BOOTPROTO') === 'dhcp' && around.hasDefaultRoute)
    values.set('DHCLIENT_SET_DEFAULT_ROUTE', hasDefaultRoute(link) ? 'yes' : 'no')
  return values
}

/** Somebody else brings it up: it says so, or it is an ENI stanza of the method manual. */
const isLeftAlone = ({ type, control }: Subnet): boolean =>
  control === 'manual' || (type === 'manual' && control !== undefined)

const addDevice = (values: KeyValues, link: Link, around: Surroundings): void => {
  if (link.mtu !== undefined) values.set('MTU', String(link.mtu))
  if (link.wakeOnLan === true) values.set('ETHTOOL_OPTS', 'wol g')
  if (link.mac !== undefined && link.type !== 'vlan')
    values.set(link.type === 'bond' || link.type === 'bridge' ? 'MACADDR' : 'HWADDR', link.mac.toLowerCase())
  if (link.bond !== undefined) {
    values.set('BONDING_MASTER', 'yes')
    const options = bondingOptions(link.bond.options)
    if (options !== '') values.set('BONDING_OPTS', options)
    for (const [index, member] of (around.members.get(link.name) ?? []).entries())
      values.set(`BONDING_SLAVE${index}`, member)
  }
  if (link.bondMaster !== undefined) {
    values.set('MASTER', link.bondMaster)
    values.set('SLAVE', 'yes')
  }
  for (const [name, value] of link.bridge?.options ?? []) {
    const key = bridgeKeys[underscored(name)]
    if (key !== undefined) values.set(key, typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value))
  }
  const bridge = around.bridges.get(link.name)
  if (bridge !== undefined) values.set('BRIDGE', bridge)
  if (link.vlan !== undefined) {
    values.set('VLAN', 'yes')
    values.set('PHYSDEV', link.vlan.link)
  }
}

const bridgeKeys: Readonly<Record<string, string>> = {
  bridge_ageing: 'AGEING',
  bridge_bridgeprio: 'PRIO',
  bridge_stp: 'STP',
}

const addSubnets = (values: KeyValues, link: Link): void => {
  let ipv4 = 0
  const ipv6: string[] = []
  for (const subnet of link.subnets) {
    addMethod(values, subnet, link)
    if (subnet.metric !== undefined) values.set(`IPV${subnet.family}_ROUTE_METRIC`, String(subnet.metric))
    if (subnet.gateway !== undefined && isStatic(subnet)) {
      values.set('DEFROUTE', 'yes')
      values.set(subnet.gateway.includes(':') ? 'IPV6_DEFAULTGW' : 'GATEWAY', subnet.gateway)
    }
    if (subnet.mtu !== undefined) values.set(subnet.family === 6 ? 'IPV6_MTU' : 'MTU', String(subnet.mtu))
    // What DHCP and routers give is not known here.
    if (subnet.address === undefined || isDynamic(subnet)) continue
    if (subnet.address.family === 6) {
      ipv6.push(cidr(subnet.address))
    } else {
      const number = ipv4 === 0 ? '' : String(ipv4)
      values.set(`IPADDR${number}`, subnet.address.ip)
      values.set(`NETMASK${number}`, ipv4Mask(subnet.address.prefix))
      ipv4 += 1
    }
  }
  const [first, ...others] = ipv6
  if (first !== undefined) values.set('IPV6ADDR', first)
  if (others.length > 0) values.set('IPV6ADDR_SECONDARIES', others.join(' '))
}

const set = (values: KeyValues, pairs: Readonly<Record<string, string>>): void => {
  for (const [key, value] of Object.entries(pairs)) values.set(key, value)
}

const addMethod = (values: KeyValues, subnet: Subnet, link: Link): void => {
  switch (subnet.type) {
    case 'dhcp':
    case 'dhcp4':
      values.set('BOOTPROTO', 'dhcp')
      return
    case 'dhcp6':
      set(values, { IPV6INIT: 'yes', DHCPV6C: 'yes' })
      return
    case 'ipv6_dhcpv6-stateful':
      set(values, { IPV6INIT: 'yes', DHCPV6C: 'yes', IPV6_AUTOCONF: 'no', IPV6_FAILURE_FATAL: 'yes' })
      if (link.acceptRa === undefined) values.set('IPV6_FORCE_ACCEPT_RA', 'yes')
      return
    case 'ipv6_dhcpv6-stateless':
      set(values, { IPV6INIT: 'yes', DHCPV6C: 'yes', DHCPV6C_OPTIONS: '-S', IPV6_AUTOCONF: 'yes' })
      return
    case 'ipv6_slaac':
      set(values, { IPV6INIT: 'yes', IPV6_AUTOCONF: 'yes' })
      return
    case 'static':
    case 'static6':
      if (subnet.family === 6) set(values, { IPV6INIT: 'yes', IPV6_AUTOCONF: 'no', IPV6_FORCE_ACCEPT_RA: 'no' })
      return
    case 'auto':
      throw new ConfigError(link.name, 'sysconfig has no subnet of type auto')
    default:
  }
}

/** resolv.conf(5), MAXNS */
const mostServers = 3

/** Numbered anew for each subnet: a later one's servers take the place of an earlier one's; resolv.conf has them all. */
const addDns = (values: KeyValues, link: Link): void => {
  const domains: string[] = []
  for (const { dns } of link.subnets) {
    for (const [index, server] of dns.servers.slice(0, mostServers).entries()) values.set(`DNS${index + 1}`, server)
    for (const domain of dns.search) if (!domains.includes(domain)) domains.push(domain)
  }
  if (domains.length > 0) values.set('DOMAIN', domains.join(' '))
}

const addDefaultRoutes = (values: KeyValues, link: Link): void => {
  const seen = new Set<number>()
  for (const route of rhelDefaultRoutes(link)) {
    if (seen.has(route.family)) throw new ConfigError(link.name, `has two default routes for IPv${route.family}`)
    seen.add(route.family)
    values.set('DEFROUTE', 'yes')
    if (route.gateway !== undefined) values.set(route.family === 6 ? 'IPV6_DEFAULTGW' : 'GATEWAY', route.gateway)
    if (route.metric !== undefined) values.set(`IPV${route.family}_ROUTE_METRIC`, String(route.metric))
  }
}
