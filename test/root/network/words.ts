import type { Cable } from './cables.ts'

/** The MAC address of a machine's interface. */
export const macOf = (number: number): string => `52:54:00:00:00:0${number}`

/** The cable of `ethN`; the cloud's end is 10.0.N.1. */
export const cable = (number: number, rest: Partial<Cable> = {}): Cable => ({
  name: `eth${number}`,
  mac: macOf(number),
  addresses: [`10.0.${number}.1/24`],
  ...rest,
})

/** DHCP there: leases of 10.0.N.50 and up. */
export const dhcp = (number: number): string[] => [`dhcp-range=10.0.${number}.50,10.0.${number}.60,255.255.255.0,1h`]

/** What DHCP may have handed out becomes a word. */
export const leased = (address: string): string =>
  address.replace(/^10\.0\.\d\.(5\d|60)\/24$/, 'leased').replace(/^2001:db8::[56]\w\/(64|128)$/, 'leased of IPv6')

/** There is no router in most of these clouds: nobody is to wait for one. */
export const quiet = { 'accept-ra': false }

/** An interface that is found by its address and gets a name. */
export const byMac = (number: number, name: string, rest: object): Record<string, object> => ({
  [name]: { match: { macaddress: macOf(number) }, 'set-name': name, ...rest },
})

/** A network config of version 2. */
export const ethernets = (...all: readonly Record<string, object>[]): object => ({
  version: 2,
  ethernets: Object.assign({}, ...all),
})
