import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'

export interface ScalewayFacts {
  readonly nic: string
  /** The address that DHCP gave; that one stays with DHCP. */
  readonly dhcpAddress?: string | undefined
}

/** Way to the metadata service, which DHCP does not tell (Scaleway, "IP mobility"). */
const metadataRoute = { 'on-link': true, to: '169.254.42.42/32', via: '62.210.0.1' }

/** Converts `public_ips` of Scaleway's metadata to network config version 2. */
export const networkFromScaleway = (publicIps: readonly Json[], { nic, dhcpAddress }: ScalewayFacts): JsonObject => {
  const ips = publicIps.filter(isJsonObject)
  const isPrimary = (ip: JsonObject): boolean => dhcpAddress !== undefined && ip['address'] === dhcpAddress
  const others = ips.filter((ip) => !isPrimary(ip))
  const routes: JsonObject[] = [
    ...(ips.some(isPrimary) ? [metadataRoute] : []),
    ...others.flatMap((ip) => {
      const via = textAt(ip, 'gateway')
      return ip['family'] === 'inet6' && via !== undefined ? [{ via, to: '::/0' }] : []
    }),
  ]
  const addresses = others.map((ip) => `${ip['address']}/${ip['netmask']}`)
  return {
    version: 2,
    ethernets: {
      [nic]: {
        ...(ips.some(isPrimary) && { dhcp4: true }),
        ...(routes.length > 0 && { routes }),
        ...(addresses.length > 0 && { addresses }),
      },
    },
  }
}
