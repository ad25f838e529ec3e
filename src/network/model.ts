import type { Json, JsonObject } from '../machine/json.ts'

/**
 * The network that a machine is to have, whatever document said so. Parsers (src/network/parse) make it, renderers
 * (src/network/render) turn it into files; neither knows the other.
 */
export interface NetworkModel {
  /** In the order of the document; each name once. */
  readonly links: readonly Link[]
  /** Name servers of the whole machine. */
  readonly dns: Dns
  /** Routes of the whole machine. */
  readonly routes: readonly Route[]
  /** Names of links that only a bond or a bridge names; the document does not describe them. */
  readonly impliedLinks: readonly string[]
  /** The document itself, when netplan can read it as it is (network config version 2). */
  readonly netplan?: JsonObject
}

export type LinkType = 'physical' | 'infiniband' | 'loopback' | 'vlan' | 'bond' | 'bridge'

export interface Link {
  /** Name of the interface once configured. */
  readonly name: string
  /** What other links of the document call it: its key in version 2, else its name. */
  readonly id: string
  readonly type: LinkType
  /** As given; undefined when nothing says which device is meant but its name. */
  readonly mac?: string
  readonly mtu?: Scalar
  /** Kernel driver that the device must have. */
  readonly driver?: string
  readonly acceptRa?: boolean
  readonly wakeOnLan?: boolean
  /** Not waited for at boot. */
  readonly optional?: boolean
  /** The running configuration is kept: the root file system is reached over it. */
  readonly keepConfiguration?: boolean
  readonly subnets: readonly Subnet[]
  /** Routes of the interface that no subnet has to itself. */
  readonly routes?: readonly Route[]
  /** Name servers of this interface alone. */
  readonly dns?: Dns
  readonly bond?: Bond
  readonly bridge?: Bridge
  readonly vlan?: Vlan
  /** Bond that this is a member of, by name. */
  readonly bondMaster?: string
  readonly dhcp4Overrides?: JsonObject
  readonly dhcp6Overrides?: JsonObject
  /** `dhcp4domain`, `dhcp6domain`: whether domains that DHCP names are searched. */
  readonly dhcp4Domain?: Json
  readonly dhcp6Domain?: Json
  readonly routingPolicy?: readonly JsonObject[]
}

/** A value that renderers write down as it was given. */
export type Scalar = string | number | boolean

export interface Dns {
  readonly servers: readonly string[]
  readonly search: readonly string[]
}

export type Family = 4 | 6

export type SubnetType =
  | 'dhcp'
  | 'dhcp4'
  | 'dhcp6'
  | 'static'
  | 'static6'
  | 'manual'
  | 'loopback'
  | 'ipv6_slaac'
  | 'ipv6_dhcpv6-stateless'
  | 'ipv6_dhcpv6-stateful'
  | 'auto'

/** One way in which an interface gets addresses. */
export interface Subnet {
  readonly type: SubnetType
  readonly family: Family
  readonly address?: Address
  readonly gateway?: string
  readonly broadcast?: string
  readonly metric?: Scalar
  readonly mtu?: Scalar
  readonly scope?: string
  readonly pointToPoint?: string
  /** `auto` (default), `manual`, `hotplug`, ...: who brings the interface up. */
  readonly control?: string
  readonly dns: Dns
  readonly routes: readonly Route[]
}

export interface Address {
  /** Without prefix, as given. */
  readonly ip: string
  readonly prefix: number
  readonly family: Family
}

export interface Route {
  readonly family: Family
  /** Without prefix. */
  readonly network: string
  readonly prefix: number
  readonly gateway?: string
  readonly metric?: Scalar
  readonly table?: Scalar
  readonly mtu?: Scalar
  readonly onLink?: boolean
}

/** Option name, as ifenslave and bridge-utils call it behind the prefix and spelled as given, and value. */
export type LinkOption = readonly [name: string, value: Json]

export interface Bond {
  /** Names of the members. */
  readonly members: readonly string[]
  /** `bond-mode`, `bond_miimon`, `bond-xmit_hash_policy`, ... */
  readonly options: readonly LinkOption[]
}

export interface Bridge {
  readonly ports: readonly string[]
  /** `bridge_fd`, `bridge_stp`, `bridge_pathcost`, ... */
  readonly options: readonly LinkOption[]
}

export interface Vlan {
  readonly id: Scalar
  /** Name of the interface below. */
  readonly link: string
}

export const noDns: Dns = { servers: [], search: [] }

export const isDefaultRoute = (route: Route): boolean =>
  route.prefix === 0 && (route.network === '0.0.0.0' || route.network === '::')

/** True for a subnet whose addresses come from DHCP or from a router. */
export const isDynamic = (subnet: Subnet): boolean => subnet.type.startsWith('dhcp') || subnet.type.startsWith('ipv6_')

export const isStatic = (subnet: Subnet): boolean => subnet.type === 'static' || subnet.type === 'static6'

/** Every route that goes out by this interface. */
export const routesOf = (link: Link): Route[] => [
  ...link.subnets.flatMap(({ routes }) => routes),
  ...(link.routes ?? []),
]

/** Whether one of its routes is a default route; gateways of subnets don't count. */
export const hasDefaultRoute = (link: Link): boolean => routesOf(link).some(isDefaultRoute)

/** Sorted by name, as most renderers write links. */
export const byName = (left: Link, right: Link): number => compareText(left.name, right.name)

/** By code units, as file names and keys are sorted. */
export const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** `192.0.2.5/24` */
export const cidr = ({ ip, prefix }: Address): string => `${ip}/${prefix}`

/** `10.0.0.0/8` */
export const routeTarget = ({ network, prefix }: Route): string => `${network}/${prefix}`
