import { isJsonObject, type JsonObject, objectAt, textAt } from '../machine/json.ts'

/** A network interface of this machine. */
export interface AzureSystemNic {
  readonly name: string
  readonly mac: string
  /** Kernel driver: `hv_netvsc`, `mlx5_core` ... */
  readonly driver?: string | undefined
}

export interface AzureNetworkOptions {
  readonly nics: readonly AzureSystemNic[]
  /** Give an interface its further addresses statically. Default true. */
  readonly secondaryAddresses?: boolean
  /** Name interfaces `eth0`, `eth1` ... in the metadata's order; otherwise `enx<mac>`, and the kernel's names stay. */
  readonly setName?: boolean
  readonly warn?: (message: string) => void
}

/**
 * Converts `network` of the instance metadata (Azure Instance Metadata Service, "Network") to network config version 2:
 * DHCP for the first address of each family, the further ones static, route metrics 100, 200 ... in order, name servers
 * from the first interface only. Interfaces without any address are left out.
 *
 * @returns undefined when there is nothing to go by: no list of interfaces, or none of them can be read.
 */
export const networkFromAzure = (network: JsonObject, options: AzureNetworkOptions): JsonObject | undefined => {
  const warn = options.warn ?? (() => {})
  const interfaces = network['interface']
  if (!Array.isArray(interfaces)) return undefined
  const ethernets: JsonObject = {}
  let unreadable = 0
  for (const [index, facts] of interfaces.entries()) {
    const mac = isJsonObject(facts) ? colonMac(textAt(facts, 'macAddress')) : undefined
    if (!isJsonObject(facts) || mac === undefined) {
      unreadable += 1
      warn(`network.interface[${index}] has no usable macAddress; it is left out`)
      continue
    }
    const name = options.setName === false ? `enx${mac.replaceAll(':', '')}` : `eth${index}`
    const ethernet = ethernetOf({ facts, mac, index }, options, warn)
    if (ethernet) ethernets[name] = options.setName === false ? ethernet : { ...ethernet, 'set-name': name }
  }
  if (unreadable > 0 && Object.keys(ethernets).length === 0) return undefined
  return { version: 2, ethernets }
}

/** `000D3A047598` and `00:0D:3A:04:75:98` -> `00:0d:3a:04:75:98`; undefined when it is neither. */
export const colonMac = (mac: string | undefined): string | undefined => {
  const digits = mac?.toLowerCase().replaceAll(/[:-]/g, '')
  if (digits === undefined || !/^[0-9a-f]{12}$/.test(digits)) return undefined
  return digits.match(/../g)?.join(':')
}

interface AzureNic {
  readonly facts: JsonObject
  readonly mac: string
  readonly index: number
}

const ethernetOf = (
  nic: AzureNic,
  options: AzureNetworkOptions,
  warn: (message: string) => void,
): JsonObject | undefined => {
  const ipv4 = addressesOf(nic, 'ipv4')
  const ipv6 = addressesOf(nic, 'ipv6')
  if (ipv4.length + ipv6.length === 0) return undefined
  const overrides: JsonObject = { 'route-metric': (nic.index + 1) * 100 }
  // Azure's name servers do not answer through secondary interfaces.
  if (nic.index > 0) overrides['use-dns'] = false
  const ethernet: JsonObject = { dhcp4: true, 'dhcp4-overrides': overrides, dhcp6: ipv6.length > 0 }
  if (ipv6.length > 0) ethernet['dhcp6-overrides'] = { ...overrides }
  const further =
    options.secondaryAddresses === false
      ? []
      : [
          ...ipv4.slice(1).map((address) => `${address}/${prefixOf(nic, 'ipv4') ?? '24'}`),
          ...ipv6.slice(1).map((address) => `${address}/${prefixOf(nic, 'ipv6') ?? '128'}`),
        ]
  if (further.length > 0) ethernet['addresses'] = further
  const driver = driverOf(nic.mac, options.nics, warn)
  ethernet['match'] = { macaddress: nic.mac, ...(driver === undefined ? {} : { driver }) }
  return ethernet
}

const listAt = (nic: AzureNic, family: string, key: string): JsonObject[] => {
  const list = objectAt(nic.facts, family)[key]
  return Array.isArray(list) ? list.filter(isJsonObject) : []
}

const addressesOf = (nic: AzureNic, family: 'ipv4' | 'ipv6'): string[] =>
  listAt(nic, family, 'ipAddress').flatMap((address) => textAt(address, 'privateIpAddress') || [])

const prefixOf = (nic: AzureNic, family: 'ipv4' | 'ipv6'): string | undefined => {
  const prefix = listAt(nic, family, 'subnet')[0]?.['prefix']
  return typeof prefix === 'string' || typeof prefix === 'number' ? String(prefix) : undefined
}

/** A virtual function has the MAC address of the synthetic interface it accelerates: the synthetic one is meant. */
const driverOf = (
  mac: string,
  nics: readonly AzureSystemNic[],
  warn: (message: string) => void,
): string | undefined => {
  const same = nics.filter((nic) => colonMac(nic.mac) === mac)
  if (same.some(({ driver }) => driver === 'hv_netvsc')) return 'hv_netvsc'
  if (same.length === 1) return same[0]?.driver
  const drivers = same.map(({ driver }) => driver ?? 'none').join(', ')
  warn(`cannot tell the driver of ${mac} (${drivers || 'no such interface'}); it is matched by its address alone`)
  return undefined
}

/** DHCP on one interface, for a machine whose metadata says nothing about its network. */
export const azureFallbackNetwork = (nic: AzureSystemNic): JsonObject => ({
  version: 2,
  ethernets: {
    [nic.name]: {
      dhcp4: true,
      dhcp6: true,
      match: { macaddress: nic.mac.toLowerCase(), ...(nic.driver === undefined ? {} : { driver: nic.driver }) },
      'set-name': nic.name,
    },
  },
})
