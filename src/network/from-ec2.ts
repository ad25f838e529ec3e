import { isJsonObject, type JsonObject, objectAt, textAt } from '../machine/json.ts'

/** A network interface of this machine. */
export interface Ec2SystemNic {
  readonly name: string
  readonly mac: string
}

export interface Ec2NetworkOptions {
  readonly nics: readonly Ec2SystemNic[]
  /** What breaks ties between interfaces without card and device numbers. Default `mac`. */
  readonly order?: 'mac' | 'name'
  /** Route what secondary interfaces send by tables of their own (only netplan can express it). */
  readonly policyRouting: boolean
  /** Router of each interface, as DHCP told; an interface that is missing gets no default route in its table. */
  readonly gateways: Readonly<Record<string, string>>
  readonly warn?: (message: string) => void
}

/** An interface that the machine and the metadata both have. */
export interface Ec2Nic {
  readonly name: string
  /** Lower case. */
  readonly mac: string
  /** 0 is the primary one: order by network card, device number, then the tie-breaker. */
  readonly index: number
  /** What the metadata says below network/interfaces/macs/<mac>/. */
  readonly facts: JsonObject
}

/** The machine's interfaces that EC2's metadata describes, primary one first. */
export const orderEc2Nics = (
  network: JsonObject,
  nics: readonly Ec2SystemNic[],
  order: 'mac' | 'name' = 'mac',
): Ec2Nic[] => {
  const macs = macsOf(network)
  const known = nics.flatMap(({ name, mac }) => {
    const facts = macs.get(mac.toLowerCase())
    return facts === undefined ? [] : [{ name, mac: mac.toLowerCase(), facts }]
  })
  const byName = new Intl.Collator('en', { numeric: true })
  return known
    .sort(
      (a, b) =>
        compare(numberAt(a.facts, 'network-card'), numberAt(b.facts, 'network-card')) ||
        compare(numberAt(a.facts, 'device-number'), numberAt(b.facts, 'device-number')) ||
        (order === 'name' ? byName.compare(a.name, b.name) : compare(a.mac, b.mac)),
    )
    .map((nic, index) => ({ ...nic, index }))
}

/** True when the routes of this interface are kept apart from the primary one's: then its gateway is needed. */
export const needsPolicyRouting = (nic: Ec2Nic): boolean =>
  nic.index > 0 && textAt(nic.facts, 'device-number') !== undefined

/** False on an interface that has IPv6 alone. */
export const hasIpv4 = (nic: Ec2Nic): boolean => linesAt(nic.facts, 'local-ipv4s').length > 0

/**
 * Converts `network` of EC2's metadata (EC2 User Guide, instance metadata categories) to network config version 2 for
 * every interface: DHCP, with the route metric 100, 200, ... in their order, and the secondary addresses.
 */
export const networkFromEc2 = (network: JsonObject, options: Ec2NetworkOptions): JsonObject => {
  const nics = orderEc2Nics(network, options.nics, options.order)
  const ethernets = nics.map((nic): [string, JsonObject] => [nic.name, ethernetOf(nic, nics.length, options)])
  return { version: 2, ethernets: Object.fromEntries(ethernets) }
}

/** The same for one interface alone, without secondary addresses (`apply_full_imds_network_config: false`). */
export const networkFromEc2Primary = (network: JsonObject, nic: Ec2SystemNic): JsonObject => {
  const mac = nic.mac.toLowerCase()
  const facts = macsOf(network).get(mac) ?? {}
  return { version: 2, ethernets: { [nic.name]: basicEthernet(nic.name, mac, facts) } }
}

/** True for a machine outside any VPC: its MAC addresses change at every start. */
export const isEc2Classic = (network: JsonObject): boolean =>
  ![...macsOf(network).values()].some((facts) => facts['vpc-id'] !== undefined)

const macsOf = (network: JsonObject): Map<string, JsonObject> =>
  new Map(
    Object.entries(objectAt(objectAt(network, 'interfaces'), 'macs')).flatMap(([mac, facts]) =>
      isJsonObject(facts) ? [[mac.toLowerCase(), facts] as const] : [],
    ),
  )

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** An interface without a number comes after those that have one. */
const numberAt = (facts: JsonObject, key: string): number => {
  const value = facts[key]
  const number = typeof value === 'number' ? value : Number.parseInt(String(value), 10)
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number
}

/** Metadata has one line or several: a text or a list. */
const linesAt = (facts: JsonObject, key: string): string[] => {
  const value = facts[key]
  if (typeof value === 'string') return value === '' ? [] : [value]
  return Array.isArray(value) ? value.filter((line): line is string => typeof line === 'string' && line !== '') : []
}

const basicEthernet = (name: string, mac: string, facts: JsonObject): JsonObject => ({
  dhcp4: true,
  dhcp6: linesAt(facts, 'ipv6s').length > 0,
  match: { macaddress: mac },
  'set-name': name,
})

const ethernetOf = (nic: Ec2Nic, nicCount: number, options: Ec2NetworkOptions): JsonObject => {
  const ethernet = basicEthernet(nic.name, nic.mac, nic.facts)
  const addresses = secondaryAddresses(nic, options.warn ?? (() => {}))
  if (addresses.length > 0) ethernet['addresses'] = addresses
  if (nicCount === 1) return ethernet
  const routed = options.policyRouting && needsPolicyRouting(nic)
  const overrides: JsonObject = { 'route-metric': (nic.index + 1) * 100, ...(routed ? { 'use-routes': true } : {}) }
  ethernet['dhcp4-overrides'] = overrides
  if (ethernet['dhcp6'] === true) ethernet['dhcp6-overrides'] = { ...overrides }
  return routed ? { ...ethernet, ...policyRoutes(nic, options.gateways[nic.name]) } : ethernet
}

/** Answers leave by the interface their question came in by: a routing table for it, chosen by source address. */
const policyRoutes = (nic: Ec2Nic, gateway: string | undefined): JsonObject => {
  const table = 100 + nic.index
  const ipv4 = linesAt(nic.facts, 'local-ipv4s')
  const ipv6 = linesAt(nic.facts, 'ipv6s')
  const routes: JsonObject[] = []
  if (ipv4.length > 0) {
    if (gateway !== undefined) routes.push({ to: '0.0.0.0/0', via: gateway, table })
    for (const to of linesAt(nic.facts, 'subnet-ipv4-cidr-block')) routes.push({ to, table })
  }
  if (ipv6.length > 0) {
    for (const to of linesAt(nic.facts, 'subnet-ipv6-cidr-blocks')) routes.push({ to, table })
  }
  return { routes, 'routing-policy': [...ipv4, ...ipv6].map((from) => ({ from, table })) }
}

/** All but the first address of each family, which DHCP hands out. */
const secondaryAddresses = (nic: Ec2Nic, warn: (message: string) => void): string[] => {
  const withPrefix = (key: string, cidrKey: string, family: string, fallback: number): string[] => {
    const addresses = linesAt(nic.facts, key).slice(1)
    if (addresses.length === 0) return []
    const cidr = textAt(nic.facts, cidrKey)
    const prefix = /^[^/]+\/(\d{1,3})$/.exec(cidr ?? '')?.[1]
    if (prefix === undefined && cidr !== undefined)
      warn(`${cidrKey} ${cidr} of ${nic.mac} is not an ${family} network; its secondary addresses get /${fallback}`)
    return addresses.map((address) => `${address}/${prefix ?? fallback}`)
  }
  return [
    ...withPrefix('local-ipv4s', 'subnet-ipv4-cidr-block', 'IPv4', 24),
    ...withPrefix('ipv6s', 'subnet-ipv6-cidr-block', 'IPv6', 128),
  ].sort()
}
