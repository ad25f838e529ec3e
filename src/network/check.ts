import { ConfigError } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import { familyOf, networkLookup } from './address.ts'
import { keyPaths } from './key-paths.ts'
import type { Link, NetworkModel, Route, Scalar } from './model.ts'
import { cidr, isStatic, routesOf, routeTarget } from './model.ts'

/** The identifiers that IEEE 802.1Q leaves to networks; 0 is no network, but a priority. */
const largestVlanId = 4094
/** RFC 791: every IPv4 host takes 68 bytes; RFC 8200, section 5: every IPv6 link takes 1280. The largest is loopback's. */
const smallestMtu = 68
const smallestIpv6Mtu = 1280
const largestMtu = 65536

/**
 * Finds what can be read and written down, but can't work. `net-convert` writes it as it is told; on a machine it would
 * be half a network.
 *
 * @param document what `model` was made of
 * @param warn gets what works in part
 * @throws ConfigError naming the key
 */
export const checkNetwork = (document: JsonObject, model: NetworkModel, warn: (message: string) => void): void => {
  const paths = keyPaths(document)
  for (const link of model.links) {
    const path = paths.of(link)
    checkNumbers(link, path)
    checkMac(link, path, paths.entryOf(link))
    checkVlan(link, path)
    checkGateways(link, path)
    checkDefaultGateways(link, path, paths.entryOf(link))
    warnOfAddresses(link, path, warn)
    warnOfRoutes(link, path, warn)
  }
  checkMembers(model, paths.of)
  warnOfMembers(model, paths.of, warn)
  checkMacs(model, paths.of)
  for (const path of paths.withoutPrefix) warn(`${path}: has no prefix length; /24 counts for IPv4, /64 for IPv6`)
}

const checkNumbers = (link: Link, path: string): void => {
  checkMtu(link.mtu, `${path}.mtu`)
  for (const [index, { mtu }] of link.subnets.entries()) checkMtu(mtu, `${path}.subnets[${index}].mtu`)
}

/** 0 asks for nothing. */
const checkMtu = (mtu: Scalar | undefined, key: string): void => {
  const value = Number(mtu ?? 0)
  if (value !== 0 && (value < smallestMtu || value > largestMtu))
    throw new ConfigError(key, `${value} is no MTU: ${smallestMtu} to ${largestMtu} bytes`)
}

/** Six bytes; twenty of InfiniBand. netplan and udev take no other form. */
const checkMac = ({ mac }: Link, path: string, entry: JsonObject): void => {
  if (mac === undefined || /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?:(?:[:-][0-9a-f]{2}){14})?$/i.test(mac)) return
  const key = ['mac_address', 'macaddress'].find((name) => entry[name] !== undefined) ?? 'match.macaddress'
  throw new ConfigError(`${path}.${key}`, `${JSON.stringify(mac)} is not a MAC address, as 52:54:00:12:34:56 is one`)
}

const checkVlan = ({ type, vlan }: Link, path: string): void => {
  if (type !== 'vlan') return
  if (vlan === undefined) throw new ConfigError(path, 'is a VLAN without id or without a link that it lies on')
  if (Number(vlan.id) > largestVlanId) throw new ConfigError(path, `${vlan.id} is no VLAN id: 0 to ${largestVlanId}`)
}

const checkGateways = (link: Link, path: string): void => {
  for (const [index, { address, gateway }] of link.subnets.entries()) {
    if (address === undefined || gateway === undefined) continue
    const family = familyOf(gateway)
    if (family !== address.family)
      throw new ConfigError(
        `${path}.subnets[${index}].gateway`,
        `${gateway} is an IPv${family} gateway, and ${cidr(address)} an IPv${address.family} address`,
      )
  }
  for (const route of routesOf(link)) {
    if (route.family === 6 && route.gateway !== undefined && familyOf(route.gateway) === 4)
      throw new ConfigError(`${path}.routes`, `${routeTarget(route)} is IPv6, and its gateway ${route.gateway} is IPv4`)
  }
}

/** `gateway4` and `gateway6` of version 2, on an interface that has nothing of that family. */
const checkDefaultGateways = ({ subnets }: Link, path: string, entry: JsonObject): void => {
  for (const family of [4, 6] as const) {
    const gateway = entry[`gateway${family}`]
    if (gateway === undefined || gateway === null || subnets.length === 0) continue
    if (!subnets.some((subnet) => subnet.family === family))
      throw new ConfigError(`${path}.gateway${family}`, `the interface has no IPv${family} at all`)
  }
}

const warnOfAddresses = (link: Link, path: string, warn: (message: string) => void): void => {
  const seen = new Set<string>()
  for (const { address } of link.subnets) {
    if (address === undefined) continue
    const text = cidr(address)
    if (seen.has(text)) warn(`${path}: the address ${text} is given twice`)
    seen.add(text)
  }
  const mtu = Number(link.mtu ?? 0)
  if (mtu > 0 && mtu < smallestIpv6Mtu && link.subnets.some(({ family }) => family === 6))
    warn(`${path}.mtu: ${mtu} is too small for IPv6, which needs ${smallestIpv6Mtu}; it will have no IPv6 addresses`)
}

/** The kernel takes a gateway only when it can be reached; what DHCP and routers will say is not known. */
const warnOfRoutes = (link: Link, path: string, warn: (message: string) => void): void => {
  if (link.subnets.length === 0 || !link.subnets.every(isStatic)) return
  const routes = routesOf(link)
  const addresses = link.subnets.flatMap(({ address }) => (address === undefined ? [] : [address]))
  const onLinkNetworks = routes.flatMap((route) =>
    route.gateway === undefined ? [{ ...route, ip: route.network }] : [],
  )
  const near = networkLookup([...addresses, ...onLinkNetworks].map((network) => [network, true]))
  const isReachable = ({ gateway, onLink }: Route): boolean =>
    gateway === undefined || onLink === true || gateway.toLowerCase().startsWith('fe80:') || near(gateway).length > 0
  for (const route of routes) {
    if (!isReachable(route))
      warn(`${path}.routes: the gateway ${route.gateway} of ${routeTarget(route)} is in no network of this interface`)
  }
}

/** An interface can have one master. */
const checkMembers = ({ links }: NetworkModel, pathOf: (link: Link) => string): void => {
  const masters = new Map<string, string>()
  for (const link of links) {
    for (const name of [...(link.bond?.members ?? []), ...(link.bridge?.ports ?? [])]) {
      const other = masters.get(name)
      if (other !== undefined && other !== link.name)
        throw new ConfigError(pathOf(link), `${name} can't be part of ${link.name} and of ${other}`)
      masters.set(name, link.name)
    }
  }
}

/** Who uses a bond or a bridge talks to it, not to its parts: networkd and NetworkManager give them no addresses. */
const warnOfMembers = (
  { links }: NetworkModel,
  pathOf: (link: Link) => string,
  warn: (message: string) => void,
): void => {
  const masters = new Map(
    links.flatMap(({ name, bond, bridge }) =>
      [...(bond?.members ?? []), ...(bridge?.ports ?? [])].map((member) => [member, name] as const),
    ),
  )
  for (const link of links) {
    const master = masters.get(link.name)
    if (master !== undefined && link.subnets.some(({ type }) => type !== 'manual'))
      warn(`${pathOf(link)}: is part of ${master}, so its own addresses may be left out: give them to ${master}`)
  }
}

/** Two interfaces may share a MAC address when their drivers tell them apart. */
const checkMacs = ({ links }: NetworkModel, pathOf: (link: Link) => string): void => {
  const owners = new Map<string, Link>()
  for (const link of links) {
    if (link.type !== 'physical' || link.mac === undefined) continue
    const key = `${link.mac.toLowerCase()} ${link.driver ?? ''}`
    const other = owners.get(key)
    if (other !== undefined)
      throw new ConfigError(pathOf(link), `has the MAC address ${link.mac}, which is that of ${pathOf(other)}, too`)
    owners.set(key, link)
  }
}
