import type { Json } from '../../machine/json.ts'
import { isLinkLocal } from '../address.ts'
import {
  cidr,
  compareText,
  isDefaultRoute,
  type Link,
  type LinkType,
  type NetworkModel,
  noDns,
  type Route,
  routeTarget,
  type Subnet,
} from '../model.ts'
import { dashed } from '../parse/option-names.ts'
import { serversOf } from '../parse/subnets.ts'
import { header, type Renderer, type RenderOptions } from './renderer.ts'
import { udevRules } from './udev-rules.ts'

/** interfaces(5) of ifupdown, with udev rules for the names. */
export const renderEni: Renderer = (model, options) => [
  { path: interfacesPath(options.distro), content: header + interfaces(model, options), mode: 0o644 },
  { path: '/etc/udev/rules.d/70-persistent-net.rules', content: udevRules(model), mode: 0o644 },
]

/** Alpine's ifupdown reads no further files by default; Ubuntu's reads only those that end in .cfg. */
const interfacesPath = (distro: string): string => {
  if (distro === 'alpine') return '/etc/network/interfaces'
  return `/etc/network/interfaces.d/50-cloud-init${distro === 'ubuntu' ? '.cfg' : ''}`
}

const typeOrder: readonly LinkType[] = ['loopback', 'physical', 'infiniband', 'bond', 'bridge', 'vlan']

const interfaces = (model: NetworkModel, { hasIp }: RenderOptions): string => {
  // Members that only their bond names come with the bonds.
  const place = ({ name, type }: Link): number => typeOrder.indexOf(model.impliedLinks.includes(name) ? 'bond' : type)
  const links = withLoopback(model).sort(
    (left, right) => place(left) - place(right) || compareText(left.name, right.name),
  )
  const bonds = new Map(model.links.flatMap((link) => (link.bond === undefined ? [] : [[link.name, link] as const])))
  const stanzas = links.flatMap((link) => linkStanzas(link, bonds, hasIp))
  const routes = model.routes.flatMap((route) => routeCommands(route, { hasIp }))
  return `${[...stanzas, ...(routes.length > 0 ? [routes] : [])].map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** The loopback interface is always there; name servers of the whole machine are written with it. */
const withLoopback = ({ links, dns }: NetworkModel): Link[] => {
  const given = links.find(({ type }) => type === 'loopback')
  const others = links.filter((link) => link !== given)
  const [first, ...more] = given?.subnets ?? []
  const loopback: Link = {
    ...(given ?? { name: 'lo', id: 'lo', type: 'loopback' }),
    subnets: [
      {
        ...(first ?? { type: 'loopback', family: 4, control: 'auto', routes: [] }),
        dns: {
          servers: [...(first?.dns.servers ?? []), ...dns.servers],
          search: [...(first?.dns.search ?? []), ...dns.search],
        },
      },
      ...more,
    ],
  }
  return [loopback, ...others]
}

const linkStanzas = (link: Link, bonds: ReadonlyMap<string, Link>, hasIp: boolean): string[][] => {
  const extra = [...linkOptions(link, bonds)].sort(compareText)
  const subnets = passOnDns(placeRoutes(link))
  if (subnets.length === 0) {
    const isMember = link.bondMaster !== undefined || link.bond !== undefined
    return [[...(isMember ? [`auto ${link.name}`] : []), `iface ${link.name} inet manual`, ...extra.map(indented)]]
  }
  return subnets.map((subnet, index) => {
    const isFirst = index === 0
    const options = [...subnetOptions(subnet), ...(isFirst ? extra : [])]
    return [
      control(subnet, link, isFirst),
      `iface ${link.name} ${subnet.family === 6 ? 'inet6' : 'inet'} ${method(subnet)}`,
      ...options.map(indented),
      ...subnet.routes.flatMap((route) => routeCommands(route, { hasIp, device: link.name })).map(indented),
    ].filter((line) => line !== '')
  })
}

const indented = (line: string): string => `    ${line}`

/**
 * ifup runs a stanza's commands when it brings that family up, so each route of the interface goes to the first stanza
 * of its own family: where there is none, to one without address.
 */
const placeRoutes = ({ subnets, routes = [], dns }: Link): Subnet[] => {
  const placed = [...subnets]
  for (const family of [4, 6] as const) {
    const own = routes.filter((route) => route.family === family)
    if (own.length === 0 || subnets.length === 0) continue
    const place = placed.findIndex((subnet) => subnet.family === family)
    const home = placed[place] ?? { type: family === 6 ? 'static6' : 'static', family, dns: dns ?? noDns, routes: [] }
    placed.splice(place === -1 ? placed.length : place, 1, { ...home, routes: [...home.routes, ...own] })
  }
  return placed
}

/** A stanza without name servers has those of the stanza before it: resolvconf forgets them when that one goes down. */
const passOnDns = (subnets: readonly Subnet[]): Subnet[] => {
  let dns = noDns
  return subnets.map((subnet) => {
    if (subnet.dns.servers.length + subnet.dns.search.length > 0) dns = subnet.dns
    return { ...subnet, dns }
  })
}

const control = (subnet: Subnet, link: Link, isFirst: boolean): string => {
  if (!isFirst) return `# control-alias ${link.name}`
  const by = subnet.control ?? 'auto'
  if (by === 'auto') return `auto ${link.name}`
  return by === 'hotplug' ? `allow-hotplug ${link.name}` : `# control-${by} ${link.name}`
}

const method = ({ type, address }: Subnet): string => {
  // ifup refuses `static` without an address, and with it the whole interface.
  if (address === undefined && (type === 'static' || type === 'static6')) return 'manual'
  if (type === 'dhcp' || type === 'dhcp4' || type === 'dhcp6' || type === 'ipv6_dhcpv6-stateful') return 'dhcp'
  if (type === 'ipv6_slaac' || type === 'ipv6_dhcpv6-stateless') return 'auto'
  return type === 'static6' ? 'static' : type
}

const subnetOptions = (subnet: Subnet): string[] => {
  const lines: string[] = []
  const add = (key: string, value: Json | undefined): void => {
    if (value !== undefined && value !== '') lines.push(`${key} ${String(value)}`)
  }
  if (subnet.address !== undefined) add('address', cidr(subnet.address))
  add('broadcast', subnet.broadcast)
  const servers = serversOf(subnet.dns, subnet.family)
  add('dns-nameservers', servers.join(' '))
  // Search domains belong to the servers; those of the other family stand in its stanza.
  if (servers.length > 0 || subnet.dns.servers.length === 0) add('dns-search', subnet.dns.search.join(' '))
  add('gateway', subnet.gateway)
  add('metric', subnet.metric)
  add('mtu', subnet.mtu)
  add('pointopoint', subnet.pointToPoint)
  add('scope', subnet.scope)
  return lines
}

const onOff = (flag: boolean): string => (flag ? 'on' : 'off')

function* linkOptions(link: Link, bonds: ReadonlyMap<string, Link>): Generator<string> {
  const [first] = link.subnets
  if (first?.type === 'ipv6_slaac') yield 'dhcp 0'
  if (first?.type === 'ipv6_dhcpv6-stateless') yield 'dhcp 1'
  const isHeard = first?.family === 6 || first?.type === 'dhcp4'
  if (link.acceptRa !== undefined && isHeard) yield `accept-ra ${link.acceptRa ? 1 : 0}`
  if (link.wakeOnLan === true) yield 'ethernet-wol g'
  if (link.keepConfiguration !== undefined) yield `keep-configuration ${onOff(link.keepConfiguration)}`
  if (link.optional !== undefined) yield `optional ${onOff(link.optional)}`
  // Physical interfaces get their name by their address; they keep the address they have.
  if (link.mac !== undefined && link.type !== 'physical') yield `hwaddress ${link.mac.toLowerCase()}`
  if (link.mtu !== undefined && link.mtu !== 0 && first?.mtu === undefined) yield `mtu ${String(link.mtu)}`
  if (link.vlan !== undefined) {
    yield `vlan-id ${String(link.vlan.id)}`
    yield `vlan-raw-device ${link.vlan.link}`
  }
  if (link.bondMaster !== undefined) {
    yield `bond-master ${link.bondMaster}`
    yield* optionLines(bonds.get(link.bondMaster)?.bond?.options ?? [])
  }
  if (link.bond !== undefined) {
    yield 'bond-slaves none'
    yield* optionLines(link.bond.options)
  }
  if (link.bridge !== undefined) {
    yield `bridge-ports ${link.bridge.ports.join(' ') || 'none'}`
    yield* optionLines(link.bridge.options)
  }
}

function* optionLines(options: readonly (readonly [string, Json])[]): Generator<string> {
  for (const [given, value] of options) {
    const name = dashed(given)
    if (value === null || value === '' || value === 0) continue
    if (Array.isArray(value) && name.startsWith('bridge-')) {
      for (const item of value) yield `${name} ${String(item)}`
    } else if (Array.isArray(value)) {
      yield `${name} ${value.join(' ')}`
    } else {
      yield `${name} ${typeof value === 'boolean' ? onOff(value) : String(value)}`
    }
  }
}

interface RouteCommandOptions {
  readonly hasIp: boolean
  /** Interface that the route goes out by; undefined for one of the whole machine. */
  readonly device?: string
}

const routeCommands = (route: Route, { hasIp, device }: RouteCommandOptions): string[] => {
  const words = hasIp ? ipWords(route, device) : routeWords(route, device)
  const metric = route.metric === undefined ? '' : ` metric ${String(route.metric)}`
  return [
    `post-up ${words('add')}${metric} || true`, //
    `pre-down ${words('del')}${metric} || true`,
  ]
}

type Words = (action: 'add' | 'del') => string

/** The kernel can't find out by which interface to reach such a gateway: it is on every link, or on none by its address. */
const needsDevice = ({ gateway, onLink }: Route): boolean =>
  gateway === undefined || onLink === true || isLinkLocal(gateway)

/** iproute2 */
const ipWords = (route: Route, device: string | undefined): Words => {
  const family = route.family === 6 ? ' -family inet6' : ''
  const via = route.gateway === undefined ? '' : ` via ${route.gateway}`
  const by = device !== undefined && needsDevice(route) ? ` dev ${device}` : ''
  const onLink = by !== '' && route.onLink === true ? ' onlink' : ''
  return (action) =>
    `ip${family} route ${action} ${isDefaultRoute(route) ? 'default' : routeTarget(route)}${via}${by}${onLink}`
}

/** net-tools */
const routeWords = (route: Route, device: string | undefined): Words => {
  const gateway = route.gateway === undefined ? '' : ` gw ${route.gateway}`
  const by = device !== undefined && needsDevice(route) ? ` dev ${device}` : ''
  if (route.family === 6)
    return (action) =>
      `route ${action} -A inet6 ${isDefaultRoute(route) ? 'default' : routeTarget(route)}${gateway}${by}`
  if (isDefaultRoute(route)) return (action) => `route ${action} default${gateway}${by}`
  const kind = route.prefix === 32 ? '-host' : '-net'
  return (action) => `route ${action} ${kind} ${routeTarget(route)}${gateway}${by}`
}
