import type { Family } from './model.ts'

/** What the machine's network is now, whoever made it so. */
export interface NetworkState {
  /** By the kernel's number. */
  readonly links: readonly LinkState[]
  /** Without those that the kernel has for its own addresses. */
  readonly routes: readonly RouteState[]
  /** undefined: only `ip` can tell, and it is not installed. */
  readonly rules: readonly RuleState[] | undefined
}

export interface LinkState {
  readonly name: string
  readonly type: LinkStateType
  /** Interfaces that it is made of: members of a bond, ports of a bridge, what a VLAN lies on. */
  readonly below: readonly string[]
  readonly vlanId?: number
  /** Bond or bridge that it is part of. */
  readonly master?: string
  /** `up`, `down`, `no-carrier`: switched on, and nothing at the other end. */
  readonly state: 'up' | 'down' | 'no-carrier'
  readonly mac: string
  readonly mtu: number
  readonly driver?: string
  readonly addresses: readonly AddressState[]
}

export type LinkStateType = 'physical' | 'virtual' | 'loopback' | 'bond' | 'bridge' | 'vlan' | 'wireless'

export interface AddressState {
  /** With prefix. */
  readonly address: string
  readonly family: Family
  /** `global`, `link`, `host`, ... */
  readonly scope: string
  /** Who gave it, where that can be told. */
  readonly source?: AddressSource
  /** Seconds until it ends. */
  readonly secondsLeft?: number
}

export type AddressSource = 'dhcp' | 'router' | 'static' | 'kernel'

export interface RouteState {
  readonly family: Family
  /** `default` or with prefix. */
  readonly to: string
  readonly via?: string
  readonly link?: string
  readonly metric?: number
  /** `main`, or another name or number. */
  readonly table: string
  /** Who set it: `dhcp`, `ra`, `static`, `kernel`, ... */
  readonly source?: string
  /** `unicast` is left out: `blackhole`, `unreachable`, ... */
  readonly type?: string
}

export interface RuleState {
  readonly family: Family
  readonly priority: number
  /** `from 192.0.2.0/24 iif eth0` */
  readonly selector: string
  /** A table, or what else is done. */
  readonly action: string
}

/** What is read beside the links, by `ip` or from /proc. */
export interface Surroundings {
  /** By link name. */
  readonly addresses: ReadonlyMap<string, readonly AddressState[]>
  readonly vlanIds: ReadonlyMap<string, number>
  readonly routes: readonly RouteState[]
  readonly rules: readonly RuleState[] | undefined
}
