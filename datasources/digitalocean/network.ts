import { DatasourceError } from '../../src/machine/errors.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { DropletAddress, DropletInterface } from './schema.ts'

/** The names that interfaces get; any other kind keeps the system's. */
const names: Readonly<Record<string, string>> = { public: 'eth0', private: 'eth1' }

const subnet = (at: DropletAddress, hasGateway: boolean): JsonObject => {
  const isIpv6 = at.address.includes(':')
  return {
    type: 'static',
    control: 'auto',
    address: isIpv6 && at.prefix !== undefined ? `${at.address}/${at.prefix}` : at.address,
    ...(!isIpv6 && at.netmask !== undefined && { netmask: at.netmask }),
    ...(hasGateway && at.gateway !== undefined && { gateway: at.gateway }),
  }
}

const physical = (nic: DropletInterface, namesByMac: ReadonlyMap<string, string>): JsonObject => {
  const systemName = namesByMac.get(nic.mac)
  if (systemName === undefined) {
    throw new DatasourceError('DigitalOcean', `this machine has no interface with the MAC address ${nic.mac}`)
  }
  return {
    type: 'physical',
    mac_address: nic.mac,
    name: names[nic.type] ?? systemName,
    subnets: nic.addresses.map((at) => subnet(at, nic.type === 'public' && !at.isAnchor)),
  }
}

/**
 * Network config v1 of a Droplet.
 * @param namesByMac the machine's interfaces: MAC address in lower case -> name
 * @throws DatasourceError when the metadata has an interface that the machine does not have.
 */
export const networkConfig = (
  interfaces: readonly DropletInterface[],
  nameservers: readonly string[],
  namesByMac: ReadonlyMap<string, string>,
): JsonObject => ({
  version: 1,
  config: [
    ...interfaces.map((nic) => physical(nic, namesByMac)),
    ...(nameservers.length > 0 ? [{ type: 'nameserver', address: [...nameservers] }] : []),
  ],
})
