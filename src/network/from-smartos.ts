import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'
import { isIpv6 } from './address.ts'

/** The keys of the SmartOS metadata protocol that speak of the network. */
export interface SmartosNetwork {
  /** `sdc:nics` */
  readonly nics: readonly Json[]
  /** `sdc:resolvers`: a list, or one address */
  readonly resolvers?: Json | undefined
  /** `sdc:dns_domain` */
  readonly domain?: Json | undefined
  /** `sdc:routes` */
  readonly routes?: Json | undefined
}

/** Converts it to network config version 1. The gateways of the primary interface alone are used. */
export const networkFromSmartos = ({ nics, resolvers, domain, routes }: SmartosNetwork): JsonObject => {
  const staticRoutes = (Array.isArray(routes) ? routes : []).filter(isJsonObject).map((route) => ({
    network: route['dst'] ?? null,
    gateway: route['gateway'] ?? null,
  }))
  const devices = nics.filter(isJsonObject).map((nic) => ({
    ...(nic['mtu'] !== undefined && { mtu: nic['mtu'] }),
    type: 'physical',
    name: textAt(nic, 'interface') ?? null,
    mac_address: textAt(nic, 'mac') ?? null,
    subnets: subnetsOf(nic, staticRoutes),
  }))
  const servers = textsOf(resolvers)
  const nameserver = { type: 'nameserver', address: servers, search: textsOf(domain) }
  return { version: 1, config: [...devices, ...(servers.length > 0 ? [nameserver] : [])] }
}

const textsOf = (value: Json | undefined): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string' && item !== '')

const subnetsOf = (nic: JsonObject, routes: readonly JsonObject[]): JsonObject[] => {
  const gateways = nic['primary'] === true ? textsOf(nic['gateways'] ?? nic['gateway']) : []
  const served = new Set<boolean>()
  return textsOf(nic['ips']).map((ip) => {
    if (ip === 'dhcp') return { type: 'dhcp4' }
    if (ip === 'addrconf') return { type: 'dhcp6' }
    const isV6 = isIpv6(ip)
    const gateway = served.has(isV6) ? undefined : gateways.find((candidate) => isIpv6(candidate) === isV6)
    if (gateway !== undefined) served.add(isV6)
    return {
      type: 'static',
      address: ip,
      ...(gateway !== undefined && { gateway }),
      ...(routes.length > 0 && { routes: routes.map((route) => ({ ...route })) }),
    }
  })
}
