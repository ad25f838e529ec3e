import { isJsonObject, type JsonObject, objectAt } from '../machine/json.ts'
import type { HostNic } from './parse/v2.ts'

/**
 * Converts `network` of Alibaba Cloud's metadata (ECS, instance metadata, network/interfaces/macs) to network config
 * version 2: DHCP on every interface, metric 100, 200, ... in natural order of the names.
 */
export const networkFromAliyun = (network: JsonObject, nics: readonly HostNic[]): JsonObject => {
  const macs = macsOf(network)
  const naturally = new Intl.Collator('en', { numeric: true })
  const known = nics
    .filter(({ mac }) => macs.has(mac.toLowerCase()))
    .sort((left, right) => naturally.compare(left.name, right.name))
  const ethernets = known.map((nic, index): [string, JsonObject] => {
    const ethernet = ethernetOf(nic, macs)
    if (known.length === 1) return [nic.name, ethernet]
    const overrides = { 'route-metric': (index + 1) * 100 }
    return [
      nic.name,
      {
        ...ethernet,
        'dhcp4-overrides': overrides,
        ...(ethernet['dhcp6'] === true && { 'dhcp6-overrides': { ...overrides } }),
      },
    ]
  })
  return { version: 2, ethernets: Object.fromEntries(ethernets) }
}

/** The same for one interface alone (`apply_full_imds_network_config: false`). */
export const networkFromAliyunPrimary = (network: JsonObject, nic: HostNic): JsonObject => ({
  version: 2,
  ethernets: { [nic.name]: ethernetOf(nic, macsOf(network)) },
})

const macsOf = (network: JsonObject): Map<string, JsonObject> =>
  new Map(
    Object.entries(objectAt(objectAt(network, 'interfaces'), 'macs')).flatMap(([mac, facts]) =>
      isJsonObject(facts) ? [[mac.toLowerCase(), facts] as const] : [],
    ),
  )

const ethernetOf = ({ name, mac }: HostNic, macs: ReadonlyMap<string, JsonObject>): JsonObject => {
  const ipv6 = macs.get(mac.toLowerCase())?.['ipv6s']
  return {
    dhcp4: true,
    dhcp6: ipv6 !== undefined && ipv6 !== null && ipv6 !== '',
    match: { macaddress: mac.toLowerCase() },
    'set-name': name,
  }
}
