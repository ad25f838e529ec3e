import { isJsonObject, type JsonObject } from '../machine/json.ts'
import { prefixOf } from './address.ts'
import type { HostNic } from './parse/v2.ts'

export interface OpennebulaOptions {
  readonly nics: readonly HostNic[]
  readonly warn?: (message: string) => void
}

/**
 * Converts the variables of OpenNebula's context.sh (OpenNebula, "Contextualization", network section) to network config
 * version 2. An interface belongs to ETHx by its MAC address, else by its name; without an address of its own it has the
 * one that OpenNebula writes into the last four bytes of its MAC address.
 */
export const networkFromOpennebula = (context: JsonObject, options: OpennebulaOptions): JsonObject => {
  const ethernets = options.nics.map((nic): [string, JsonObject] => [nic.name, ethernetOf(nic, context, options)])
  return { version: 2, ethernets: Object.fromEntries(ethernets) }
}

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

const variable = (context: JsonObject, key: string): string => {
  const value = context[key]
  return value === undefined || value === null || isJsonObject(value) ? '' : String(value).trim()
}

const ethernetOf = ({ name, mac }: HostNic, context: JsonObject, { warn }: OpennebulaOptions): JsonObject => {
  const prefix = contextName(name, mac, context)
  const value = (key: string): string => variable(context, `${prefix}_${key}`)
  const addresses = [`${value('IP') || addressInMac(mac)}/${prefixOf(value('MASK'), 4) ?? 24}`]
  for (const key of ['IP6', 'IP6_ULA']) {
    if (value(key) !== '') addresses.push(`${value(key)}/${value('IP6_PREFIX_LENGTH') || 64}`)
  }
  const servers = [...wordsOf(value('DNS')), ...wordsOf(variable(context, 'DNS'))]
  const search = [...wordsOf(value('SEARCH_DOMAIN')), ...wordsOf(variable(context, 'SEARCH_DOMAIN'))]
  const routes = routesOf(value('ROUTES'), prefix, warn ?? (() => {}))
  const mtu = Number.parseInt(value('MTU'), 10)
  return {
    match: { macaddress: mac.toLowerCase() },
    addresses,
    ...(value('GATEWAY') !== '' && { gateway4: value('GATEWAY') }),
    ...(value('GATEWAY6') !== '' && { gateway6: value('GATEWAY6') }),
    ...(servers.length + search.length > 0 && {
      nameservers: { ...(servers.length > 0 && { addresses: servers }), ...(search.length > 0 && { search }) },
    }),
    ...(routes.length > 0 && { routes }),
    ...(mtu > 0 && { mtu }),
  }
}

/** `ETH0`, by ETH0_MAC or, where no ETHx has that address, by the interface's own name. */
const contextName = (name: string, mac: string, context: JsonObject): string => {
  const found = Object.entries(context).find(
    ([key, value]) => /^ETH\d+_MAC$/.test(key) && String(value).toLowerCase() === mac.toLowerCase(),
  )
  return found === undefined ? name.toUpperCase() : found[0].replace(/_MAC$/, '')
}

/** `02:00:0a:12:01:01` -> `10.18.1.1` */
const addressInMac = (mac: string): string =>
  mac
    .split(':')
    .slice(2)
    .map((byte) => Number.parseInt(byte, 16))
    .join('.')

/** `10.0.0.0/8 via 10.0.0.1, ...` */
const routesOf = (text: string, name: string, warn: (message: string) => void): JsonObject[] =>
  text.split(',').flatMap((part): JsonObject[] => {
    const words = wordsOf(part)
    if (words.length === 0) return []
    const [to, word, via, ...more] = words
    if (to !== undefined && word === 'via' && via !== undefined && more.length === 0) return [{ to, via }]
    warn(`${name}_ROUTES: ${JSON.stringify(part.trim())} is no route; it is left out`)
    return []
  })
