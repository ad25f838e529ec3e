import { dumpYaml } from '../../cloudconfig/yaml.ts'
import type { Json, JsonObject } from '../../machine/json.ts'
import { isWithin } from '../address.ts'
import { optional } from '../fields.ts'
import {
  byName,
  cidr,
  type Dns,
  isDynamic,
  isStatic,
  type Link,
  type LinkOption,
  type NetworkModel,
  type Route,
  routeTarget,
  type Subnet,
} from '../model.ts'
import { bondNames, bridgeNames, dashed, underscored } from '../parse/option-names.ts'
import { header, type Renderer, warnOfMachineRoutes } from './renderer.ts'

/**
 * netplan's YAML. A document of version 2 is handed through as data: netplan understands more of it than anybody else.
 * The file may hold the secrets of wireless networks, so only root reads it.
 */
export const renderNetplan: Renderer = (model, options) => {
  warnOfMachineRoutes(model, options)
  const network = model.netplan ?? document(model)
  return [{ path: '/etc/netplan/50-cloud-init.yaml', content: header + dumpYaml({ network }), mode: 0o600 }]
}

const document = (model: NetworkModel): JsonObject => {
  const links = [...model.links].sort(byName)
  const section = (type: Link['type'], describe: (link: Link) => JsonObject): JsonObject =>
    Object.fromEntries(
      links.filter((link) => link.type === type).map((link) => [link.name, withDns(describe(link), model.dns)]),
    )
  const sections = {
    ethernets: { ...undescribed(links), ...section('physical', ethernet) },
    bonds: section('bond', (link) => ({ ...bond(link, links), ...common(link) })),
    bridges: section('bridge', (link) => ({ ...bridge(link), ...common(link) })),
    vlans: section('vlan', (link) => ({ ...vlan(link), ...common(link) })),
  }
  const filled = Object.entries(sections).filter(([, devices]) => Object.keys(devices).length > 0)
  return { version: 2, ...Object.fromEntries(filled) }
}

/** netplan refuses a VLAN on an interface that it has not heard of. */
const undescribed = (links: readonly Link[]): JsonObject => {
  const known = new Set(links.map(({ name }) => name))
  const missing = links.flatMap(({ vlan }) => (vlan === undefined || known.has(vlan.link) ? [] : [vlan.link]))
  return Object.fromEntries(missing.map((name) => [name, {}]))
}

const ethernet = (link: Link): JsonObject => ({
  ...(link.mac !== undefined && { match: { macaddress: link.mac.toLowerCase() }, 'set-name': link.name }),
  ...common(link),
})

const bond = (link: Link, links: readonly Link[]): JsonObject => {
  const parameters = bondParameters(link.bond?.options ?? [])
  return {
    interfaces: links.filter(({ bondMaster }) => bondMaster === link.name).map(({ name }) => name),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(link.mac !== undefined && { macaddress: link.mac.toLowerCase() }),
  }
}

const bondParameters = (options: readonly LinkOption[]): JsonObject => {
  const given = new Map(options.map(([name, value]) => [dashed(name), value]))
  return Object.fromEntries(
    bondNames.flatMap(([netplan, ifenslave]): [string, Json][] => {
      const value = given.get(ifenslave)
      if (value === undefined) return []
      return [[netplan, bondValues[netplan]?.(value) ?? value]]
    }),
  )
}

/** Values that netplan takes in another form than ifenslave. */
const bondValues: Readonly<Record<string, (value: Json) => Json>> = {
  'arp-ip-targets': (value) => (typeof value === 'string' ? value.split(/[\s,]+/) : value),
  'all-slaves-active': (value) => (value === 1 || value === '1' ? true : value === 0 || value === '0' ? false : value),
}

const bridge = (link: Link): JsonObject => {
  const parameters = bridgeParameters(link.bridge?.options ?? [])
  return {
    interfaces: [...(link.bridge?.ports ?? [])].sort(),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(link.mac !== undefined && { macaddress: link.mac.toLowerCase() }),
  }
}

const bridgeParameters = (options: readonly LinkOption[]): JsonObject => {
  const given = new Map(options.map(([name, value]) => [underscored(name), value]))
  return Object.fromEntries(
    bridgeNames.flatMap(([netplan, bridgeUtils]): [string, Json][] => {
      const value = given.get(bridgeUtils)
      if (value === undefined) return []
      return [[netplan, netplan === 'path-cost' || netplan === 'port-priority' ? byPort(value) : value]]
    }),
  )
}

/** `["eth0 50", "eth1 75"]` -> `{eth0: 50, eth1: 75}` */
const byPort = (value: Json): Json => {
  const lines = Array.isArray(value) ? value : [value]
  return Object.fromEntries(
    lines.map((line): [string, Json] => {
      const [port = '', cost = ''] = String(line).trim().split(/\s+/)
      return [port, Number(cost)]
    }),
  )
}

const vlan = (link: Link): JsonObject => ({
  id: link.vlan?.id ?? 0,
  link: link.vlan?.link ?? '',
  ...(link.mac !== undefined && { macaddress: link.mac.toLowerCase() }),
})

/** What every kind of device may have. */
const common = (link: Link): JsonObject => {
  const device: JsonObject = {}
  if (link.mtu !== undefined) device['mtu'] = link.mtu
  if (link.keepConfiguration !== undefined) device['critical'] = link.keepConfiguration
  if (link.acceptRa !== undefined) device['accept-ra'] = link.acceptRa
  const addresses: string[] = []
  const routes: JsonObject[] = []
  const servers: string[] = []
  const search: string[] = []
  for (const subnet of link.subnets) {
    if (isDynamic(subnet)) addDynamic(device, subnet)
    if (!isStatic(subnet)) continue
    addStatic(device, subnet, link, { addresses, routes })
    for (const server of subnet.dns.servers) if (!servers.includes(server)) servers.push(server)
    for (const domain of subnet.dns.search) if (!search.includes(domain)) search.push(domain)
  }
  shareMetric(device)
  if (addresses.length > 0) device['addresses'] = addresses
  if (routes.length > 0) device['routes'] = routes
  const nameservers = nameserversOf({ servers, search })
  if (nameservers !== undefined) device['nameservers'] = nameservers
  return device
}

const addDynamic = (device: JsonObject, subnet: Subnet): void => {
  const key = subnet.family === 4 ? 'dhcp4' : 'dhcp6'
  device[key] = true
  if (subnet.metric !== undefined) device[`${key}-overrides`] = { 'route-metric': subnet.metric }
}

/** For networkd, netplan refuses a device whose two DHCP clients have different metrics; the first one said counts. */
const shareMetric = (device: JsonObject): void => {
  if (device['dhcp4'] !== true || device['dhcp6'] !== true) return
  const metric = device['dhcp4-overrides'] ?? device['dhcp6-overrides']
  if (metric === undefined) return
  device['dhcp4-overrides'] = metric
  device['dhcp6-overrides'] = metric
}

const addStatic = (
  device: JsonObject,
  subnet: Subnet,
  link: Link,
  { addresses, routes }: { addresses: string[]; routes: JsonObject[] },
): void => {
  if (subnet.address === undefined) return
  const address = cidr(subnet.address)
  if (!addresses.includes(address)) addresses.push(address)
  if (subnet.gateway !== undefined) {
    const isOnLink = !isWithin(subnet.gateway, subnet.address)
    routes.push({
      via: subnet.gateway,
      to: 'default',
      ...(subnet.metric !== undefined && { metric: subnet.metric }),
      ...(isOnLink && { 'on-link': true }),
    })
  }
  for (const route of subnet.routes) routes.push(routeOf({ ...optional('metric', subnet.metric), ...route }))
  if (subnet.mtu === undefined || subnet.mtu === link.mtu) return
  if (subnet.family === 6) device['ipv6-mtu'] = subnet.mtu
  else device['mtu'] = subnet.mtu
}

const routeOf = (route: Route): JsonObject => ({
  to: routeTarget(route),
  ...(route.gateway !== undefined && { via: route.gateway }),
  ...(route.metric !== undefined && { metric: route.metric }),
})

const nameserversOf = ({ servers, search }: Dns): JsonObject | undefined => {
  if (servers.length + search.length === 0) return undefined
  return {
    ...(search.length > 0 && { search: [...search] }),
    ...(servers.length > 0 && { addresses: [...servers] }),
  }
}

/** netplan has no name servers of the whole machine: devices with addresses and without own name servers get them. */
const withDns = (device: JsonObject, dns: Dns): JsonObject => {
  if (dns.servers.length + dns.search.length === 0) return device
  if (device['addresses'] === undefined || device['nameservers'] !== undefined) return device
  return { ...device, nameservers: { search: [...dns.search], addresses: [...dns.servers] } }
}
