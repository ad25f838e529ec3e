import { DatasourceError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'
import { nameOfMac } from './host-nics.ts'
import type { HostNic } from './parse/v2.ts'

/**
 * Adds Hetzner's private networks (metadata `private-networks`) to its `network-config`, version 1: DHCP on each. An
 * interface that this machine does not have gets no name, and so no configuration.
 *
 * @throws DatasourceError when there is no network config at all
 */
export const networkFromHetzner = (
  networkConfig: Json | undefined,
  privateNetworks: Json | undefined,
  nics: readonly HostNic[],
): JsonObject => {
  if (!isJsonObject(networkConfig)) throw new DatasourceError('Hetzner', 'the metadata has no network-config')
  const config = networkConfig['config']
  const networks = Array.isArray(privateNetworks) ? privateNetworks.filter(isJsonObject) : []
  const devices = networks.flatMap((network): JsonObject[] => {
    const mac = textAt(network, 'mac_address')
    if (mac === undefined) return []
    const name = nameOfMac(nics, mac) ?? null
    return [{ type: 'physical', mac_address: mac, name, subnets: [{ ipv4: true, type: 'dhcp' }] }]
  })
  return { ...networkConfig, config: [...(Array.isArray(config) ? config : []), ...devices] }
}
