import ipaddr from 'ipaddr.js'
import { ConfigError } from '../machine/errors.ts'
import type { Address, Family } from './model.ts'

/** 4 or 6; undefined for a text that is no address. Stricter than ipaddr.js: no octal, no short forms. */
export const familyOf = (text: string): Family | undefined => {
  if (text.includes(':')) return ipaddr.IPv6.isValid(text) ? 6 : undefined
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? 4 : undefined
}

/** True for an address in one of the forms `fe80::1`, `fe80::1/64`. */
export const isIpv6 = (text: string): boolean => familyOf(text.split('/', 1)[0] ?? '') === 6

/** True for an IPv6 address that every link has for itself (fe80::/10; RFC 4291, 2.5.6). */
export const isLinkLocal = (ip: string): boolean => familyOf(ip) === 6 && ipaddr.IPv6.parse(ip).range() === 'linkLocal'

/** Largest prefix of a family. */
export const maxPrefix = (family: Family): number => (family === 4 ? 32 : 128)

/** `255.255.255.0`, `ffff::`, `24` -> prefix length; undefined when it is none. */
export const prefixOf = (mask: string, family: Family): number | undefined => {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= maxPrefix(family) ? Number(mask) : undefined
  if (familyOf(mask) === undefined) return undefined
  return ipaddr.parse(mask).prefixLengthFromSubnetMask() ?? hostMaskPrefix(mask)
}

/** `0.0.0.255` means `255.255.255.0`, too. */
const hostMaskPrefix = (mask: string): number | undefined => {
  const bytes = ipaddr.parse(mask).toByteArray()
  return ipaddr.fromByteArray(bytes.map((byte) => 255 - byte)).prefixLengthFromSubnetMask() ?? undefined
}

/** 24 -> `255.255.255.0` */
export const ipv4Mask = (prefix: number): string => ipaddr.IPv4.subnetMaskFromPrefixLength(prefix).toString()

/** 64 -> `ffff:ffff:ffff:ffff::` */
export const ipv6Mask = (prefix: number): string => ipaddr.IPv6.subnetMaskFromPrefixLength(prefix).toString()

/** The network of an address: `192.0.2.5`, 24 -> `192.0.2.0`. */
export const networkOf = (ip: string, prefix: number): string =>
  familyOf(ip) === 6
    ? ipaddr.IPv6.networkAddressFromCIDR(`${ip}/${prefix}`).toString()
    : ipaddr.IPv4.networkAddressFromCIDR(`${ip}/${prefix}`).toString()

/** Whether `ip` lies in the network of `address`; false across families. */
export const isWithin = (ip: string, address: Address): boolean => {
  const family = familyOf(ip)
  if (family !== address.family) return false
  if (family === 6) return ipaddr.IPv6.parse(ip).match(ipaddr.IPv6.parse(address.ip), address.prefix)
  return ipaddr.IPv4.parse(ip).match(ipaddr.IPv4.parse(address.ip), address.prefix)
}

/**
 * Finds in whose network an address lies, without trying each: there may be thousands of both.
 * @returns a function from an IP address to what belongs to the networks around it
 */
export const networkLookup = <Value>(
  entries: Iterable<readonly [address: Pick<Address, 'ip' | 'prefix' | 'family'>, value: Value]>,
): ((ip: string) => Value[]) => {
  const families: Record<Family, Map<number, Map<string, Value[]>>> = { 4: new Map(), 6: new Map() }
  for (const [{ ip, prefix, family }, value] of entries) {
    const networks = families[family].get(prefix) ?? new Map<string, Value[]>()
    families[family].set(prefix, networks)
    const network = networkOf(ip, prefix)
    const values = networks.get(network) ?? []
    networks.set(network, values)
    values.push(value)
  }
  return (ip) => {
    const family = familyOf(ip)
    if (family === undefined) return []
    return [...families[family]].flatMap(([prefix, networks]) => networks.get(networkOf(ip, prefix)) ?? [])
  }
}

/**
 * Reads `192.0.2.5/24`, `192.0.2.5/255.255.255.0` or `192.0.2.5` with a mask beside it. Without either, an IPv4 address
 * counts as /24 and an IPv6 address as /64.
 *
 * @param key where it stands, for the error
 * @throws ConfigError
 */
export const readAddress = (text: string, mask: string | undefined, key: string): Address => {
  const [ip = '', own, more] = text.split('/')
  const family = familyOf(ip)
  if (family === undefined || more !== undefined) throw new ConfigError(key, `${shown(text)} is not an IP address`)
  const given = own ?? mask
  const prefix = given === undefined ? (family === 4 ? 24 : 64) : prefixOf(given, family)
  if (prefix === undefined) throw new ConfigError(key, `${shown(given)} is not a prefix length or a netmask`)
  return { ip, prefix, family }
}

/** @throws ConfigError when `text` is not an address. */
export const checkAddress = (text: string, key: string): string => {
  if (familyOf(text) === undefined) throw new ConfigError(key, `${shown(text)} is not an IP address`)
  return text
}

export const shown = (text: string | undefined): string => JSON.stringify(text?.slice(0, 60) ?? '')
