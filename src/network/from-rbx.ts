import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../machine/json.ts'

/** Converts `netadp` of Rootbox' cloud.json to network config version 1; interfaces are named by their order. */
export const networkFromRbx = (adapters: readonly Json[]): JsonObject => ({
  version: 1,
  config: adapters.filter(isJsonObject).map((adapter, index) => ({
    type: 'physical',
    name: `eth${index}`,
    mac_address: (textAt(adapter, 'macaddress') ?? '').toLowerCase(),
    subnets: subnetsOf(adapter),
  })),
})

const subnetsOf = (adapter: JsonObject): JsonObject[] => {
  const network = objectAt(adapter, 'network')
  const ips = adapter['ip']
  return (Array.isArray(ips) ? ips : []).filter(isJsonObject).map((ip) => ({
    type: 'static',
    address: ip['address'] ?? null,
    netmask: network['netmask'] ?? null,
    control: 'auto',
    gateway: network['gateway'] ?? null,
    dns_nameservers: objectAt(network, 'dns')['nameservers'] ?? [],
  }))
}
