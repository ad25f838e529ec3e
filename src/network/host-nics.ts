import { ConfigError } from '../machine/errors.ts'
import type { HostNic } from './parse/v2.ts'

/** The name that this machine gives the interface with that MAC address. */
export const nameOfMac = (nics: readonly HostNic[], mac: string): string | undefined =>
  nics.find((nic) => nic.mac.toLowerCase() === mac.toLowerCase())?.name

/** @throws ConfigError when no interface of this machine has it. */
export const requireNameOfMac = (nics: readonly HostNic[], mac: string, key: string): string => {
  const name = nameOfMac(nics, mac)
  if (name === undefined) throw new ConfigError(key, `no interface of this machine has the MAC ${mac}`)
  return name
}
