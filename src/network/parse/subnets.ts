import { ConfigError } from '../../machine/errors.ts'
import type { JsonObject } from '../../machine/json.ts'
import { checkAddress, isIpv6, readAddress, shown } from '../address.ts'
import { dnsOf, numberField, objectsField, optional, scalarField, textField, within } from '../fields.ts'
import type { Dns, Family, Route, Subnet, SubnetType } from '../model.ts'

const subnetTypes = new Set<string>([
  'dhcp',
  'dhcp4',
  'dhcp6',
  'static',
  'static6',
  'manual',
  'loopback',
  'ipv6_slaac',
  'ipv6_dhcpv6-stateless',
  'ipv6_dhcpv6-stateful',
  'auto',
])

const isSubnetType = (text: string): text is SubnetType => subnetTypes.has(text)

const ipv6Types = new Set<string>(['dhcp6', 'static6', 'ipv6_slaac', 'ipv6_dhcpv6-stateless', 'ipv6_dhcpv6-stateful'])

const familyOfType = (type: SubnetType): Family | undefined => {
  if (ipv6Types.has(type)) return 6
  return type.startsWith('dhcp') ? 4 : undefined
}

/**
 * Reads one entry of `subnets` of network config version 1.
 * @throws ConfigError naming the key below the subnet
 */
export const readSubnet = (raw: JsonObject): Subnet => {
  const type = textField(raw, 'type') ?? 'static'
  if (!isSubnetType(type)) throw new ConfigError('type', `${shown(type)} is not a kind of subnet`)
  const given = textField(raw, 'address')
  const address = given === undefined ? undefined : readAddress(given, maskOf(raw), 'address')
  return {
    type,
    family: familyOfType(type) ?? address?.family ?? (raw['ipv6'] === true ? 6 : 4),
    ...optional('address', address),
    ...optional('gateway', gatewayOf(raw)),
    ...optional('broadcast', textField(raw, 'broadcast')),
    ...optional('metric', numberField(raw, 'metric')),
    ...optional('mtu', numberField(raw, 'mtu')),
    ...optional('scope', textField(raw, 'scope')),
    ...optional('pointToPoint', textField(raw, 'pointopoint')),
    ...optional('control', textField(raw, 'control')),
    dns: readSubnetDns(raw),
    routes: objectsField(raw, 'routes').map((route, index) => within(`routes[${index}]`, () => readRoute(route))),
  }
}

/** An empty netmask counts as none. */
const maskOf = (raw: JsonObject): string | undefined =>
  [textField(raw, 'netmask'), textField(raw, 'prefix')].find((mask) => mask !== undefined && mask !== '')

const gatewayOf = (raw: JsonObject): string | undefined => {
  const gateway = textField(raw, 'gateway')
  return gateway === undefined || gateway === '' ? undefined : checkAddress(gateway, 'gateway')
}

const readSubnetDns = (raw: JsonObject): Dns => {
  return serversAlone(dnsOf(raw, 'dns_nameservers', 'dns_search'), 'dns_nameservers')
}

/**
 * Name servers are addresses; a prefix behind one means nothing and is taken off.
 * @throws ConfigError
 */
export const serversAlone = ({ servers, search }: Dns, key: string): Dns => ({
  servers: servers.map((server) => checkAddress(server.split('/', 1)[0] ?? '', key)),
  search,
})

/**
 * Reads a route: `network` or `destination` (also `default`), `netmask` or `prefix`, `gateway`, `metric`, `table`.
 * @throws ConfigError
 */
export const readRoute = (raw: JsonObject): Route => {
  const key = ['network', 'destination', 'address'].find((candidate) => textField(raw, candidate) !== undefined)
  if (key === undefined) throw new ConfigError('network', 'is missing: a route needs a destination')
  const gateway = gatewayOf(raw)
  const target = textField(raw, key) ?? ''
  const network = target === 'default' ? defaultNetwork(gateway, raw) : target
  const { ip, prefix, family } = readAddress(network, maskOf(raw), key)
  return {
    family,
    network: ip,
    prefix,
    ...optional('gateway', gateway),
    ...optional('metric', numberField(raw, 'metric')),
    ...optional('table', scalarField(raw, 'table')),
    ...optional('mtu', numberField(raw, 'mtu')),
    ...(raw['on-link'] === true && { onLink: true }),
  }
}

const defaultNetwork = (gateway: string | undefined, raw: JsonObject): string =>
  gateway === undefined ? (raw['ipv6'] === true ? '::/0' : '0.0.0.0/0') : isIpv6(gateway) ? '::/0' : '0.0.0.0/0'

/** Name servers of `family` only. */
export const serversOf = (dns: Dns, family: Family): string[] =>
  dns.servers.filter((server) => isIpv6(server) === (family === 6))
