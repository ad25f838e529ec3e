import { ConfigError } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import { familyOf, networkOf, prefixOf, shown } from './address.ts'
import { isYes } from './fields.ts'
import type { HostNic } from './parse/v2.ts'

export interface CustomizationOptions {
  /** Interfaces take the names that this machine gives their MAC addresses; without it, those of the file. */
  readonly nics?: readonly HostNic[]
  readonly warn?: (message: string) => void
}

/**
 * Converts the network part of a VMware customization file (cust.cfg of the Linux guest customization, open-vm-tools) to
 * network config version 2.
 *
 * @throws ConfigError naming the section and key
 */
export const networkFromCustomization = (text: string, options: CustomizationOptions = {}): JsonObject => {
  const file = readSections(text)
  const list = file.get('NIC-CONFIG')?.get('NICS')
  if (list === undefined) throw new ConfigError('NIC-CONFIG.NICS', 'is missing: no interface is named')
  const names = list.split(',').flatMap((name) => name.trim() || [])
  const nics = names.map((name) => ({ name, values: file.get(name) ?? new Map<string, string>() }))
  const hasPrimary = nics.some(({ values }) => isPrimary(values))
  const dns = file.get('DNS') ?? new Map<string, string>()
  const ethernets = nics.map(({ name, values }): [string, JsonObject] => {
    const mac = values.get('MACADDR')?.toLowerCase()
    if (mac === undefined) throw new ConfigError(`${name}.MACADDR`, 'is missing')
    const device = options.nics === undefined ? name : deviceOf(mac, options.nics)
    const way = isPrimary(values) ? 'default' : hasPrimary ? 'none' : 'network'
    return [device, ethernetOf({ section: name, device, mac, values, way }, nameserversOf(dns))]
  })
  return { version: 2, ethernets: Object.fromEntries(ethernets) }
}

type Values = ReadonlyMap<string, string>

interface CustomizedNic {
  readonly section: string
  readonly device: string
  readonly mac: string
  readonly values: Values
  /**
   * What its gateways are for: everything (the primary interface), nothing (another one is primary), or its own network,
   * where no interface is primary.
   */
  readonly way: 'default' | 'network' | 'none'
}

/** Sections in brackets, `KEY = value` lines, comments behind `#`. */
const readSections = (text: string): Map<string, Map<string, string>> => {
  const sections = new Map<string, Map<string, string>>()
  let current = new Map<string, string>()
  for (const line of text.split(/\r?\n/).map((whole) => whole.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const section = /^\[(?<name>[^\]]+)\]$/.exec(line)?.groups?.['name']
    if (section !== undefined) {
      current = sections.get(section) ?? new Map()
      sections.set(section, current)
      continue
    }
    const [key = '', ...rest] = line.split('=')
    current.set(key.trim(), rest.join('=').trim())
  }
  return sections
}

const deviceOf = (mac: string, nics: readonly HostNic[]): string => {
  const nic = nics.find((candidate) => candidate.mac.toLowerCase() === mac)
  if (nic === undefined) throw new ConfigError('MACADDR', `no interface of this machine has the MAC ${mac}`)
  return nic.name
}

const isPrimary = (values: Values): boolean => isYes(values.get('PRIMARY') ?? 'no')

/** `NAME|1`, `NAME|2`, ... in the order of their numbers. */
const numbered = (values: Values, name: string): string[] =>
  [...values]
    .flatMap(([key, value]) => {
      const [base, number = ''] = key.split('|')
      return base === name && /^\d+$/.test(number) ? [{ number: Number(number), value }] : []
    })
    .sort((left, right) => left.number - right.number)
    .map(({ value }) => value)

const nameserversOf = (dns: Values): JsonObject | undefined => {
  const search = numbered(dns, 'SUFFIX')
  const addresses = numbered(dns, 'NAMESERVER')
  if (search.length + addresses.length === 0) return undefined
  return { ...(search.length > 0 && { search }), ...(addresses.length > 0 && { addresses }) }
}

const ethernetOf = (nic: CustomizedNic, nameservers: JsonObject | undefined): JsonObject => {
  const { values } = nic
  const isStatic = values.get('BOOTPROTO')?.toLowerCase() === 'static'
  const ipv4 = isStatic ? ipv4Of(nic) : undefined
  const ipv6 = ipv6Of(nic)
  const addresses = [...(ipv4?.addresses ?? []), ...ipv6.addresses]
  const routes = [...(ipv4?.routes ?? []), ...ipv6.routes]
  return {
    match: { macaddress: nic.mac },
    'set-name': nic.device,
    wakeonlan: isYes(values.get('ONBOOT') ?? 'no'),
    dhcp4: !isStatic,
    ...(!isStatic && nameservers !== undefined && { 'dhcp4-overrides': { 'use-dns': false } }),
    ...(ipv6.addresses.length > 0 && { dhcp6: false }),
    ...(addresses.length > 0 && { addresses }),
    ...(routes.length > 0 && { routes }),
    ...(nameservers !== undefined && { nameservers }),
  }
}

interface Reachable {
  readonly addresses: string[]
  readonly routes: JsonObject[]
}

const ipv4Of = ({ section, values, way }: CustomizedNic): Reachable => {
  const ip = values.get('IPADDR') ?? ''
  if (ip === '') return { addresses: [], routes: [] }
  const mask = values.get('NETMASK') ?? ''
  const prefix = mask === '' ? 32 : prefixOf(mask, 4)
  if (familyOf(ip) !== 4) throw new ConfigError(`${section}.IPADDR`, `${shown(ip)} is not an IPv4 address`)
  if (prefix === undefined) throw new ConfigError(`${section}.NETMASK`, `${shown(mask)} is not a netmask`)
  const gateway = values.get('GATEWAY')?.split(',')[0]?.trim() ?? ''
  const to = way === 'default' ? '0.0.0.0/0' : `${networkOf(ip, prefix)}/${prefix}`
  const routes = way === 'none' || gateway === '' ? [] : [{ to, via: gateway }]
  return { addresses: [`${ip}/${prefix}`], routes }
}

const ipv6Of = ({ section, values, way }: CustomizedNic): Reachable => {
  const numbers = [...values.keys()].flatMap((key) => /^IPv6ADDR\|(\d+)$/.exec(key)?.[1] ?? [])
  const addresses = numbers.map((number) => {
    const ip = values.get(`IPv6ADDR|${number}`) ?? ''
    const mask = values.get(`IPv6NETMASK|${number}`)
    if (familyOf(ip) !== 6)
      throw new ConfigError(`${section}.IPv6ADDR|${number}`, `${shown(ip)} is not an IPv6 address`)
    const prefix = mask === undefined ? undefined : prefixOf(mask, 6)
    if (prefix === undefined)
      throw new ConfigError(`${section}.IPv6NETMASK|${number}`, 'is missing or not a prefix length')
    return `${ip}/${prefix}`
  })
  const gateways = way === 'default' ? numbered(values, 'IPv6GATEWAY') : []
  return { addresses, routes: gateways.map((via) => ({ to: '::/0', via })) }
}
