import { isJsonObject, type JsonObject, textAt } from '../machine/json.ts'
import { nameOfMac } from './host-nics.ts'
import type { HostNic } from './parse/v2.ts'

/** NWCS hands out network config version 1; its interfaces get the names that this machine gives their MAC addresses. */
export const networkFromNwcs = (network: JsonObject, nics: readonly HostNic[]): JsonObject => ({
  ...network,
  config: withSystemNames(network, nics),
})

/** The entries of `config`, those with a known MAC address under this machine's name for it. */
export const withSystemNames = (network: JsonObject, nics: readonly HostNic[]): JsonObject[] => {
  const config = network['config']
  return (Array.isArray(config) ? config : []).filter(isJsonObject).map((entry) => {
    const mac = textAt(entry, 'mac_address')
    const name = mac === undefined || entry['type'] !== 'physical' ? undefined : nameOfMac(nics, mac)
    return name === undefined ? entry : { ...entry, name }
  })
}
