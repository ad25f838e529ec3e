/** What DHCP clients write about a lease, under the option names that dhclient uses. */
export type LeaseOptions = Record<string, string>

/**
 * The last lease for `link` in a lease file of dhclient (dhclient.leases(5)); undefined when there is none.
 * Quotes around a value are taken off.
 */
export const readDhclientLease = (text: string, link: string): LeaseOptions | undefined => {
  const blocks = text.match(/lease\s*\{[^}]*\}/g) ?? []
  const leases = blocks.map((block) => {
    const options: LeaseOptions = {}
    for (const line of block.split('\n')) {
      const [, name, value] = /^\s*(?:option\s+)?([\w-]+)\s+(.*);\s*$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) options[name] = value.replace(/^"(.*)"$/, '$1')
    }
    return options
  })
  return leases.filter((lease) => lease['interface'] === undefined || lease['interface'] === link).at(-1)
}

/** `24` -> `255.255.255.0` */
const maskOf = (prefix: number): string => {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}

/**
 * Routes as pairs of words (`168.63.129.16/32 10.0.0.1`), in the notation of option 121 (RFC 3442) that dhclient uses:
 * prefix, the destination's significant octets, gateway, all separated by commas.
 */
const inOptionNotation = (words: string): string => {
  const list = words.trim().split(/\s+/)
  const numbers: string[] = []
  for (let index = 0; index + 1 < list.length; index += 2) {
    const [destination = '', prefix = '32'] = (list[index] ?? '').split('/')
    const significant = destination.split('.').slice(0, Math.ceil(Number(prefix) / 8))
    numbers.push(prefix, ...significant, ...(list[index + 1] ?? '').split('.'))
  }
  return numbers.join(',')
}

/** `a83f8110` -> `a8:3f:81:10` */
const inBytes = (hex: string): string => hex.match(/../g)?.join(':') ?? ''

/** Variables of the other clients and the options they are. */
const optionNames: Readonly<Record<string, string>> = {
  // dhcpcd
  ip_address: 'fixed-address',
  subnet_mask: 'subnet-mask',
  broadcast_address: 'broadcast-address',
  domain_name_servers: 'domain-name-servers',
  domain_name: 'domain-name',
  host_name: 'host-name',
  dhcp_server_identifier: 'dhcp-server-identifier',
  interface_mtu: 'interface-mtu',
  routers: 'routers',
  // udhcpc
  ip: 'fixed-address',
  subnet: 'subnet-mask',
  broadcast: 'broadcast-address',
  dns: 'domain-name-servers',
  domain: 'domain-name',
  hostname: 'host-name',
  serverid: 'dhcp-server-identifier',
  mtu: 'interface-mtu',
  router: 'routers',
}

/** Lists are separated by blanks there, by commas here. */
const lists = new Set(['routers', 'domain-name-servers'])

/**
 * A lease as variables, one a line: `dhcpcd --dumplease` (`ip_address='10.0.0.5'`) or the environment of udhcpc's script
 * (`ip=10.0.0.5`). undefined when it names no address.
 */
export const readLeaseVariables = (text: string): LeaseOptions | undefined => {
  const options: LeaseOptions = {}
  for (const line of text.split('\n')) {
    const [, variable, quoted = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (variable === undefined) continue
    const value = quoted.replace(/^'(.*)'$/, '$1')
    const name = optionNames[variable]
    if (name !== undefined) options[name] = lists.has(name) ? value.trim().split(/\s+/).join(',') : value
    else if (variable === 'subnet_cidr') options['subnet-mask'] ??= maskOf(Number(value))
    else if (variable === 'classless_static_routes' || variable === 'staticroutes') {
      options['rfc3442-classless-static-routes'] = inOptionNotation(value)
    } else if (/^opt\d+$/.test(variable)) options[`unknown-${variable.slice(3)}`] = inBytes(value)
  }
  return options['fixed-address'] === undefined ? undefined : options
}

/** networkd's names. */
const networkdNames: Readonly<Record<string, string>> = {
  ADDRESS: 'fixed-address',
  NETMASK: 'subnet-mask',
  ROUTER: 'routers',
  BROADCAST: 'broadcast-address',
  DNS: 'domain-name-servers',
  DOMAINNAME: 'domain-name',
  HOSTNAME: 'host-name',
  MTU: 'interface-mtu',
  SERVER_ADDRESS: 'dhcp-server-identifier',
}

/** A lease as systemd-networkd keeps it in /run/systemd/netif/leases. undefined when it names no address. */
export const readNetworkdLease = (text: string): LeaseOptions | undefined => {
  const options: LeaseOptions = {}
  for (const line of text.split('\n')) {
    const [, variable = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
    const name = networkdNames[variable]
    if (name !== undefined) options[name] = lists.has(name) ? value.trim().split(/\s+/).join(',') : value
    // `169.254.169.254/32,10.0.0.1`. Older ones have them in ROUTES.
    else if (/^(CLASSLESS_)?ROUTES$/.test(variable)) {
      options['rfc3442-classless-static-routes'] = inOptionNotation(value.replaceAll(',', ' '))
    } else if (/^OPTION_\d+$/.test(variable)) options[`unknown-${variable.slice(7)}`] = inBytes(value)
  }
  return options['fixed-address'] === undefined ? undefined : options
}

/** Where the options begin in a DHCP message: 236 bytes of BOOTP and the magic cookie (RFC 2131, 2). */
const optionsStart = 240

/** The value of one option of a DHCP message, as `a8:3f:81:10`: dhcpcd keeps its leases so, unknown options included. */
export const optionOfMessage = (message: Uint8Array, wanted: number): string | undefined => {
  for (let at = optionsStart; at + 1 < message.length; ) {
    const [code = 255, length = 0] = message.subarray(at, at + 2)
    if (code === 255) return undefined
    if (code === 0) {
      at += 1
      continue
    }
    if (code === wanted) return inBytes(Buffer.from(message.subarray(at + 2, at + 2 + length)).toString('hex'))
    at += 2 + length
  }
  return undefined
}

export interface Route {
  /** `0.0.0.0/0` for the default route. */
  readonly destination: string
  /** `0.0.0.0`: on the link itself. */
  readonly gateway: string
}

/**
 * Routes of option 121 (RFC 3442) as dhclient writes it, numbers between commas. A list that is cut off or nonsense gives
 * the routes before that.
 */
export const classlessRoutes = (text: string): Route[] => {
  const numbers = text
    .split(/[\s,.]+/)
    .filter((word) => word !== '')
    .map(Number)
  const routes: Route[] = []
  for (let at = 0; at < numbers.length; ) {
    const prefix = numbers[at] ?? Number.NaN
    const significant = Math.ceil(prefix / 8)
    const octets = numbers.slice(at + 1, at + 1 + significant + 4)
    const isSound = prefix >= 0 && prefix <= 32 && octets.length === significant + 4
    if (!isSound || octets.some((octet) => !(octet >= 0 && octet <= 255))) break
    const destination = [...octets.slice(0, significant), 0, 0, 0, 0].slice(0, 4).join('.')
    routes.push({ destination: `${destination}/${prefix}`, gateway: octets.slice(significant).join('.') })
    at += 1 + significant + 4
  }
  return routes
}

/** The routes of a lease: option 121 where there is one (it then replaces the routers, RFC 3442), else the first router. */
export const leaseRoutes = (options: Readonly<Record<string, string>>): Route[] => {
  const classless = options['rfc3442-classless-static-routes'] ?? options['classless-static-routes']
  const routes = classless === undefined ? [] : classlessRoutes(classless)
  if (routes.length > 0) return routes
  const router = options['routers']?.split(/[\s,]+/)[0]
  return router ? [{ destination: '0.0.0.0/0', gateway: router }] : []
}

/** `255.255.255.0` -> 24; 32 when there is no usable mask. */
export const prefixOf = (mask: string | undefined): number => {
  const octets = (mask ?? '').split('.').map(Number)
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) return 32
  const bits = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : 32
}
