import ipaddr from 'ipaddr.js'
import type { LinkAddress } from '../machine/links.ts'
import type { Machine } from '../machine/machine.ts'
import { familyOf } from './address.ts'
import type { AddressState, RouteState, Surroundings } from './show-state.ts'

/** linux/route.h, linux/ipv6_route.h */
const RTF_REJECT = 0x200
const RTF_ADDRCONF = 0x40000
const RTF_LOCAL = 0x80000000

/**
 * Addresses of the C library and routes of /proc/net (proc(5)): what can be known without starting a process. Nothing
 * is said of rules, other tables than the main one, and who gave an address.
 */
export const readByProc = async (machine: Machine): Promise<Surroundings> => {
  const addresses = new Map<string, AddressState[]>()
  for (const address of await machine.links.addresses())
    addresses.set(address.link, [...(addresses.get(address.link) ?? []), addressOf(address)])
  return {
    addresses,
    vlanIds: new Map(linesOf(machine, '/proc/net/vlan/config').flatMap(vlanIdOf)),
    routes: [
      ...linesOf(machine, '/proc/net/route').flatMap(ipv4Route),
      ...linesOf(machine, '/proc/net/ipv6_route').flatMap(ipv6Route),
    ],
    rules: undefined,
  }
}

const linesOf = (machine: Machine, path: string): string[] => {
  try {
    return (machine.files.readTextIfExists(path) ?? '').split('\n')
  } catch {
    // Only root may read some of them.
    return []
  }
}

const addressOf = ({ ip, prefix, family }: LinkAddress): AddressState => {
  const range = familyOf(ip) === undefined ? undefined : ipaddr.parse(ip).range()
  const scope = range === 'loopback' ? 'host' : family === 6 && range === 'linkLocal' ? 'link' : 'global'
  return { address: `${ip}/${prefix}`, family, scope }
}

/** `eth0.5         | 5  | eth0` */
const vlanIdOf = (line: string): [string, number][] => {
  const [name = '', id = ''] = line.split('|').map((field) => field.trim())
  return /^\d+$/.test(id) ? [[name, Number(id)]] : []
}

/** `eth0 00000000 010200C0 0003 0 0 100 00000000 0 0 0`: numbers in the byte order of the machine. */
const ipv4Route = (line: string): RouteState[] => {
  const [link, destination = '', gateway = '', flags = '', , , metric, mask = ''] = line.trim().split(/\s+/)
  if (link === undefined || !/^[0-9a-f]{8}$/i.test(destination)) return []
  const network = ipv4Of(destination)
  const prefix = ipaddr.IPv4.parse(ipv4Of(mask)).prefixLengthFromSubnetMask() ?? 32
  const via = ipv4Of(gateway)
  return [
    {
      family: 4,
      to: prefix === 0 ? 'default' : `${network}/${prefix}`,
      table: 'main',
      link,
      metric: Number(metric),
      ...(via !== '0.0.0.0' && { via }),
      ...((Number.parseInt(flags, 16) & RTF_REJECT) !== 0 && { type: 'unreachable' }),
    },
  ]
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

const ipv4Of = (hex: string): string => {
  const bytes = [...Buffer.from(hex.padStart(8, '0'), 'hex')]
  return (isLittleEndian ? bytes.reverse() : bytes).join('.')
}

/** `2001...0 40 0..0 00 fe80...1 00000400 refcount use 00000003 eth0` */
const ipv6Route = (line: string): RouteState[] => {
  const [destination = '', length = '', , , gateway = '', metric = '', , , flags = '', link] = line.trim().split(/\s+/)
  const bits = Number.parseInt(flags, 16)
  // Those of the kernel's own addresses; it says of unreachable networks by the loopback interface.
  if (link === undefined || link === 'lo' || (bits & RTF_LOCAL) !== 0) return []
  const network = ipv6Of(destination)
  if (network === undefined || network.startsWith('ff')) return []
  const prefix = Number.parseInt(length, 16)
  const via = ipv6Of(gateway)
  return [
    {
      family: 6,
      to: prefix === 0 ? 'default' : `${network}/${prefix}`,
      table: 'main',
      link,
      metric: Number.parseInt(metric, 16),
      ...(via !== undefined && via !== '::' && { via }),
      ...((bits & RTF_ADDRCONF) !== 0 && { source: 'ra' }),
    },
  ]
}

const ipv6Of = (hex: string): string | undefined =>
  /^[0-9a-f]{32}$/i.test(hex) ? ipaddr.fromByteArray([...Buffer.from(hex, 'hex')]).toString() : undefined
