import type { SimulatedLink } from './cloud.ts'

const maskOf = (prefix: number): string =>
  [0, 8, 16, 24].map((shift) => (256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - shift)))) & 255).join('.')

/** What DHCP says on a link of a simulated cloud: the address, and the options by dhclient's names. */
export const leaseOf = (
  link: SimulatedLink,
  options: Readonly<Record<string, string>> = {},
): { readonly address: string; readonly options: Readonly<Record<string, string>> } => {
  const [address = '', prefix = '24'] = link.address.split('/')
  return {
    address,
    options: {
      'subnet-mask': maskOf(Number(prefix)),
      routers: link.router,
      'dhcp-lease-time': '86400',
      'dhcp-message-type': '5',
      'dhcp-server-identifier': link.router,
      ...options,
    },
  }
}
