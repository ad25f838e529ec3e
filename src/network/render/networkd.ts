import { ConfigError } from '../../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../machine/json.ts'
import { isWithin, networkLookup } from '../address.ts'
import {
  cidr,
  compareText,
  isDynamic,
  isStatic,
  type Link,
  type NetworkModel,
  type Route,
  routesOf,
  routeTarget,
  type Subnet,
} from '../model.ts'
import { underscored } from '../parse/option-names.ts'
import { header, type RenderedFile, type Renderer } from './renderer.ts'

/** systemd's units for networkd: systemd.network(5), systemd.netdev(5). */
export const renderNetworkd: Renderer = (model) => {
  const context = contextOf(model)
  return model.links.flatMap((link) => {
    if (link.type === 'loopback' && link.subnets.length === 0) return []
    const netdev = netdevOf(link)
    return [
      ...(netdev === undefined ? [] : [file(link, 'netdev', netdev)]),
      file(link, 'network', networkOf(link, context)),
    ]
  })
}

const file = (link: Link, kind: 'network' | 'netdev', sections: Sections): RenderedFile => ({
  path: `/etc/systemd/network/10-cloud-init-${link.name}.${kind}`,
  content: header + write(sections),
  mode: 0o644,
  owner: 'systemd-network',
})

/** Section -> lines. A section that may stand several times has a list of its occurrences. */
interface Sections {
  readonly single: Map<string, string[]>
  readonly repeated: Map<string, string[][]>
}

const newSections = (): Sections => ({ single: new Map(), repeated: new Map() })

const add = (sections: Sections, section: string, key: string, value: string): void => {
  const line = `${key}=${value}`
  const lines = sections.single.get(section) ?? []
  if (!lines.includes(line)) lines.push(line)
  sections.single.set(section, lines)
}

const repeat = (sections: Sections, section: string, lines: string[]): void => {
  const all = sections.repeated.get(section) ?? []
  all.push(lines)
  sections.repeated.set(section, all)
}

const write = ({ single, repeated }: Sections): string => {
  const parts: [string, string[]][] = [
    ...[...single].map(([name, lines]): [string, string[]] => [name, lines.sort(compareText)]),
    ...[...repeated].flatMap(([name, all]) => all.map((lines): [string, string[]] => [name, lines])),
  ]
  return parts
    .sort(([left], [right]) => compareText(left, right))
    .map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`)
    .join('\n')
}

interface Context {
  readonly model: NetworkModel
  /** Names of the VLANs on each link. */
  readonly vlans: ReadonlyMap<string, readonly string[]>
  /** The bridge that each link is a port of. */
  readonly bridges: ReadonlyMap<string, Link>
  /** Whether a route of the whole machine goes out by this link. */
  readonly takes: (link: Link, route: Route) => boolean
}

const contextOf = (model: NetworkModel): Context => {
  const vlans = new Map<string, string[]>()
  const bridges = new Map<string, Link>()
  for (const link of model.links) {
    if (link.vlan !== undefined) vlans.set(link.vlan.link, [...(vlans.get(link.vlan.link) ?? []), link.name])
    for (const port of link.bridge?.ports ?? []) bridges.set(port, link)
  }
  return { model, vlans, bridges, takes: placement(model, bridges) }
}

/**
 * A route of the whole machine belongs to the links that can reach its gateway. Where nobody knows which these are, to
 * those whose addresses are not known yet; and else to all that can have routes at all.
 */
const placement = (model: NetworkModel, bridges: ReadonlyMap<string, Link>): Context['takes'] => {
  const able = model.links.filter(
    ({ name, type, bondMaster }) => type !== 'loopback' && bondMaster === undefined && !bridges.has(name),
  )
  const dynamic = able.filter(({ subnets }) => subnets.some(isDynamic))
  const near = networkLookup(
    able.flatMap((link) =>
      link.subnets.flatMap(({ address }) => (address === undefined ? [] : [[address, link] as const])),
    ),
  )
  const places = new Map(
    model.routes.map((route) => {
      const reaching = route.gateway === undefined ? [] : near(route.gateway)
      return [route, new Set(reaching.length > 0 ? reaching : dynamic.length > 0 ? dynamic : able)]
    }),
  )
  return (link, route) => places.get(route)?.has(link) === true
}

const networkOf = (link: Link, context: Context): Sections => {
  const sections = newSections()
  addMatch(sections, link)
  addLink(sections, link)
  addNetwork(sections, link, context)
  for (const subnet of link.subnets) addAddress(sections, subnet)
  sortAddresses(sections)
  const routes = [...routesOf(link), ...context.model.routes.filter((route) => context.takes(link, route))]
  for (const route of routes) repeat(sections, 'Route', routeLines(route))
  addOverrides(sections, link)
  for (const rule of link.routingPolicy ?? []) addPolicyRule(sections, rule)
  return sections
}

const addMatch = (sections: Sections, link: Link): void => {
  add(sections, 'Match', 'Name', link.name)
  if (link.driver !== undefined) add(sections, 'Match', 'Driver', link.driver)
  if (link.mac !== undefined && link.type === 'physical') add(sections, 'Match', 'MACAddress', link.mac.toLowerCase())
}

const addLink = (sections: Sections, link: Link): void => {
  if (link.mac !== undefined && link.type !== 'physical') add(sections, 'Link', 'MACAddress', link.mac.toLowerCase())
  if (isSet(link.mtu)) add(sections, 'Link', 'MTUBytes', String(link.mtu))
  if (link.optional === true) add(sections, 'Link', 'RequiredForOnline', 'no')
}

/** An MTU of 0 asks for nothing. */
const isSet = (mtu: Link['mtu']): boolean => mtu !== undefined && mtu !== 0 && mtu !== '' && mtu !== false

const addNetwork = (sections: Sections, link: Link, { model, vlans, bridges }: Context): void => {
  add(sections, 'Network', 'DHCP', dhcpOf(link))
  if (link.acceptRa !== undefined) add(sections, 'Network', 'IPv6AcceptRA', link.acceptRa ? 'yes' : 'no')
  for (const vlan of vlans.get(link.name) ?? []) add(sections, 'Network', 'VLAN', vlan)
  if (link.bondMaster !== undefined) add(sections, 'Network', 'Bond', link.bondMaster)
  const bridge = bridges.get(link.name)
  if (bridge !== undefined) {
    add(sections, 'Network', 'Bridge', bridge.name)
    addBridgePort(sections, link, bridge)
  }
  for (const dns of [link.dns ?? model.dns, ...link.subnets.filter(isStatic).map((subnet) => subnet.dns)]) {
    if (dns.servers.length > 0) add(sections, 'Network', 'DNS', dns.servers.join(' '))
    if (dns.search.length > 0) add(sections, 'Network', 'Domains', dns.search.join(' '))
  }
}

const dhcpOf = (link: Link): string => {
  const types = new Set<string>(link.subnets.map(({ type }) => type))
  const v4 = types.has('dhcp') || types.has('dhcp4')
  const v6 = types.has('dhcp6')
  if (v4 && v6) return 'yes'
  if (v4) return 'ipv4'
  return v6 ? 'ipv6' : 'no'
}

const portOptions: readonly (readonly [option: string, key: string])[] = [
  ['bridge_pathcost', 'Cost'],
  ['bridge_portprio', 'Priority'],
]

const addBridgePort = (sections: Sections, link: Link, bridge: Link): void => {
  for (const [option, key] of portOptions) {
    const [, value] = bridge.bridge?.options.find(([name]) => underscored(name) === option) ?? []
    for (const line of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      const [port, number] = String(line).trim().split(/\s+/)
      if (port === link.name && number !== undefined) add(sections, 'Bridge', key, number)
    }
  }
}

const addAddress = (sections: Sections, subnet: Subnet): void => {
  if (subnet.address === undefined) return
  repeat(sections, 'Address', [`Address=${cidr(subnet.address)}`])
  if (subnet.gateway === undefined) return
  const isOnLink = !isWithin(subnet.gateway, subnet.address)
  repeat(sections, 'Route', [`Gateway=${subnet.gateway}`, ...(isOnLink ? ['GatewayOnLink=yes'] : [])])
}

const sortAddresses = ({ repeated }: Sections): void => {
  repeated.get('Address')?.sort(([left = ''], [right = '']) => compareText(left, right))
}

const routeLines = (route: Route): string[] => [
  `Destination=${routeTarget(route)}`,
  ...(route.gateway === undefined ? [] : [`Gateway=${route.gateway}`]),
  ...(route.onLink === true ? ['GatewayOnLink=yes'] : []),
  ...(route.metric === undefined ? [] : [`Metric=${route.metric}`]),
  ...(route.table === undefined ? [] : [`Table=${route.table}`]),
]

/** netplan's DHCP overrides and networkd's names for them; the second column is for both families. */
const overrideNames: readonly (readonly [override: string, key: string, families: readonly (4 | 6)[]])[] = [
  ['hostname', 'Hostname', [4]],
  ['route-metric', 'RouteMetric', [4]],
  ['send-hostname', 'SendHostname', [4]],
  ['use-dns', 'UseDNS', [4, 6]],
  ['use-domains', 'UseDomains', [4, 6]],
  ['use-hostname', 'UseHostname', [4, 6]],
  ['use-mtu', 'UseMTU', [4]],
  ['use-ntp', 'UseNTP', [4, 6]],
  ['use-routes', 'UseRoutes', [4]],
]

const addOverrides = (sections: Sections, link: Link): void => {
  for (const family of [4, 6] as const) {
    const overrides = family === 4 ? link.dhcp4Overrides : link.dhcp6Overrides
    const domain = family === 4 ? link.dhcp4Domain : link.dhcp6Domain
    if (domain !== undefined && overrides?.['use-domains'] !== undefined)
      throw new ConfigError(
        `ethernets.${link.id}`,
        `has both dhcp${family}domain and dhcp${family}-overrides.use-domains; one says it all`,
      )
    if (domain !== undefined) add(sections, `DHCPv${family}`, 'UseDomains', shownValue(domain))
    for (const [override, key, families] of overrideNames) {
      const value = overrides?.[override]
      if (value === undefined || value === null || !families.includes(family)) continue
      add(sections, `DHCPv${family}`, key, shownValue(value))
    }
  }
}

/** systemd reads True and False as it reads yes and no. */
const shownValue = (value: Json): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return String(value)
}

const policyNames: readonly (readonly [rule: string, key: string])[] = [
  ['from', 'From'],
  ['priority', 'Priority'],
  ['table', 'Table'],
  ['to', 'To'],
]

const addPolicyRule = (sections: Sections, rule: JsonObject): void => {
  const lines = policyNames.flatMap(([name, key]) => {
    const value = rule[name]
    return value === undefined || value === null || isJsonObject(value) ? [] : [`${key}=${String(value)}`]
  })
  if (lines.length > 0) repeat(sections, 'RoutingPolicyRule', lines)
}

const netdevOf = (link: Link): Sections | undefined => {
  if (link.type !== 'vlan' && link.type !== 'bond' && link.type !== 'bridge') return undefined
  if (link.type === 'vlan' && link.vlan === undefined) return undefined
  const sections = newSections()
  add(sections, 'NetDev', 'Kind', link.type)
  add(sections, 'NetDev', 'Name', link.name)
  if (link.mac !== undefined) add(sections, 'NetDev', 'MACAddress', link.mac.toLowerCase())
  if (isSet(link.mtu)) add(sections, 'NetDev', 'MTUBytes', String(link.mtu))
  if (link.vlan !== undefined) add(sections, 'VLAN', 'Id', String(link.vlan.id))
  for (const [name, value] of link.bond?.options ?? []) addNamed(sections, 'Bond', bondKeys[name], value)
  // Zero and off are what a bridge does anyway.
  const bridgeOptions = (link.bridge?.options ?? []).filter(([, value]) => value !== 0 && value !== false)
  for (const [name, value] of bridgeOptions) addNamed(sections, 'Bridge', bridgeKeys[underscored(name)], value)
  return sections
}

type NamedKey = readonly [key: string, unit?: string]

const addNamed = (sections: Sections, section: string, named: NamedKey | undefined, value: Json): void => {
  if (named === undefined || value === null) return
  const [key, unit = ''] = named
  const text =
    typeof value === 'boolean' ? (value ? 'yes' : 'no') : Array.isArray(value) ? value.join(' ') : String(value)
  add(sections, section, key, `${text}${unit}`)
}

/** systemd.netdev(5), [Bond] */
const bondKeys: Readonly<Record<string, NamedKey>> = Object.fromEntries(
  (
    [
      ['bond-mode', 'Mode'],
      ['bond-xmit-hash-policy', 'TransmitHashPolicy'],
      ['bond-lacp-rate', 'LACPTransmitRate'],
      ['bond-ad-select', 'AdSelect'],
      ['bond-min-links', 'MinLinks'],
      ['bond-fail-over-mac', 'FailOverMACPolicy'],
      ['bond-num-grat-arp', 'GratuitousARP'],
      ['bond-primary-reselect', 'PrimaryReselectPolicy'],
      ['bond-miimon', 'MIIMonitorSec', 'ms'],
      ['bond-updelay', 'UpDelaySec', 'ms'],
      ['bond-downdelay', 'DownDelaySec', 'ms'],
      ['bond-arp-interval', 'ARPIntervalSec', 'ms'],
    ] as const
  ).map(([name, ...named]): [string, NamedKey] => [name, named]),
)

/** systemd.netdev(5), [Bridge] */
const bridgeKeys: Readonly<Record<string, NamedKey>> = {
  bridge_ageing: ['AgeingTimeSec'],
  bridge_bridgeprio: ['Priority'],
  bridge_fd: ['ForwardDelaySec'],
  bridge_hello: ['HelloTimeSec'],
  bridge_maxage: ['MaxAgeSec'],
  bridge_stp: ['STP'],
}
