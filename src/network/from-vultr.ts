import { isJsonObject, type JsonObject, objectAt, textAt } from '../machine/json.ts'
import { withSystemNames } from './from-nwcs.ts'
import { requireNameOfMac } from './host-nics.ts'
import type { HostNic } from './parse/v2.ts'

/** Vultr's resolvers, for both families. */
const nameservers = { type: 'nameserver', address: ['108.61.10.10', '2001:19f0:300:1704::6'] }

/**
 * Converts Vultr's metadata to network config version 1: `cloud_interfaces`, which is ready-made but for the names, or
 * `interfaces`.
 *
 * @throws ConfigError when an interface is not this machine's
 */
export const networkFromVultr = (metadata: JsonObject, nics: readonly HostNic[]): JsonObject => {
  const ready = metadata['cloud_interfaces']
  if (isJsonObject(ready)) return { ...ready, config: withSystemNames(ready, nics) }
  const interfaces = objectsAt(metadata, 'interfaces')
  const devices = interfaces.flatMap((entry, index): JsonObject[] => {
    if (entry['unconfigured'] === true) return []
    const mac = textAt(entry, 'mac') ?? ''
    const name = requireNameOfMac(nics, mac, `interfaces[${index}].mac`)
    return [deviceOf(entry, name, mac)]
  })
  return { version: 1, config: [nameservers, ...devices] }
}

const objectsAt = (object: JsonObject, key: string): JsonObject[] => {
  const value = object[key]
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

const deviceOf = (entry: JsonObject, name: string, mac: string): JsonObject => {
  const isPublic = entry['network-type'] === 'public'
  const ipv4 = objectAt(entry, 'ipv4')
  const first: JsonObject = isPublic
    ? { type: 'dhcp', control: 'auto' }
    : { type: 'static', control: 'auto', address: ipv4['address'] ?? null, netmask: ipv4['netmask'] ?? null }
  if (Array.isArray(entry['routes'])) first['routes'] = entry['routes']
  const acceptRa = entry['accept-ra'] ?? (isPublic ? 1 : undefined)
  return {
    name,
    type: 'physical',
    mac_address: mac,
    ...(acceptRa !== undefined && { 'accept-ra': acceptRa }),
    ...(entry['mtu'] !== undefined && { mtu: entry['mtu'] }),
    subnets: [first, ...(isPublic ? [{ type: 'ipv6_slaac', control: 'auto' }] : []), ...additional(entry)],
  }
}

const additional = (entry: JsonObject): JsonObject[] => [
  ...objectsAt(objectAt(entry, 'ipv4'), 'additional').map((ip) => ({
    type: 'static',
    control: 'auto',
    address: ip['address'] ?? null,
    netmask: ip['netmask'] ?? null,
    ...(ip['routes'] !== undefined && { routes: ip['routes'] }),
  })),
  ...objectsAt(objectAt(entry, 'ipv6'), 'additional').map((ip) => ({
    type: 'static6',
    control: 'auto',
    address: `${ip['network']}/${ip['prefix']}`,
    ...(ip['routes'] !== undefined && { routes: ip['routes'] }),
  })),
]
