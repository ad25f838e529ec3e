import type { DhcpLease } from '../../src/machine/links.ts'

/** What Azure says in a DHCP lease. */
export interface AzureLease {
  /** Option 245; undefined when there is none. */
  readonly wireServer: string | undefined
  /** Networks that the lease has routes for, without their prefix lengths. */
  readonly routed: readonly string[]
}

const isAddress = (text: string): boolean =>
  /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) && text.split('.').every((octet) => Number(octet) < 256)

export const readLease = (lease: DhcpLease): AzureLease => {
  const { options } = lease
  const routes =
    options['rfc3442-classless-static-routes'] ?? options['classless-static-routes'] ?? options['unknown-121']
  return { wireServer: addressOf(options['unknown-245'] ?? ''), routed: routedNetworks(routes ?? '') }
}

/** DHCP clients write the option as `168.63.129.16` or, as they don't know it, as `a8:3f:81:10`. */
const addressOf = (text: string): string | undefined => {
  const plain = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){3}$/i.test(text)
    ? text
        .split(':')
        .map((octet) => Number.parseInt(octet, 16))
        .join('.')
    : text
  return isAddress(plain) ? plain : undefined
}

/** RFC 3442 as dhclient writes it: prefix length, the network's significant octets, the router's four; repeated. */
const routedNetworks = (text: string): string[] => {
  const numbers = (text.match(/\d+/g) ?? []).map(Number)
  const networks: string[] = []
  for (let at = 0; at < numbers.length; ) {
    const prefix = numbers[at] ?? 0
    const octets = Math.ceil(prefix / 8)
    if (prefix > 32 || at + octets + 4 >= numbers.length) break
    networks.push([...numbers.slice(at + 1, at + 1 + octets), 0, 0, 0, 0].slice(0, 4).join('.'))
    at += 1 + octets + 4
  }
  return networks
}
