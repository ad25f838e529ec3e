import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'
import { requireNameOfMac } from './host-nics.ts'
import type { HostNic } from './parse/v2.ts'

/**
 * Converts `network` of UpCloud's metadata to network config version 1.
 * @throws ConfigError when an interface is not this machine's
 */
export const networkFromUpcloud = (network: JsonObject, nics: readonly HostNic[]): JsonObject => {
  const devices = objectsAt(network, 'interfaces').map((entry, index) => {
    const mac = textAt(entry, 'mac') ?? ''
    return {
      type: 'physical',
      name: requireNameOfMac(nics, mac, `network.interfaces[${index}].mac`),
      mac_address: mac,
      subnets: objectsAt(entry, 'ip_addresses').map(subnetOf),
    }
  })
  const servers = listAt(network, 'dns')
  return { version: 1, config: [...devices, ...(servers.length > 0 ? [{ type: 'nameserver', address: servers }] : [])] }
}

const listAt = (object: JsonObject, key: string): Json[] => {
  const value = object[key]
  return Array.isArray(value) ? value : []
}

const objectsAt = (object: JsonObject, key: string): JsonObject[] => listAt(object, key).filter(isJsonObject)

const subnetOf = (ip: JsonObject): JsonObject => {
  const isIpv6 = ip['family'] === 'IPv6'
  if (ip['dhcp'] === true) return { type: isIpv6 ? 'ipv6_dhcpv6-stateless' : 'dhcp' }
  const gateway = textAt(ip, 'gateway') ?? ''
  const prefix = textAt(ip, 'network')?.split('/')[1]
  const servers = listAt(ip, 'dns')
  return {
    type: isIpv6 ? 'static6' : 'static',
    control: 'auto',
    address: ip['address'] ?? null,
    ...(gateway !== '' && { gateway }),
    ...(prefix !== undefined && { netmask: prefix }),
    ...(servers.length > 0 && { dns_nameservers: servers }),
  }
}
