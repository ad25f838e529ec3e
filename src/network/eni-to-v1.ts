import { ConfigError } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'

/** One `iface` stanza of interfaces(5). */
interface Stanza {
  readonly name: string
  /** `static`, `dhcp`, `manual`, `loopback`, ... */
  readonly method: string
  readonly isIpv6: boolean
  /** First word after the option's name, for options that have one value. */
  readonly values: Map<string, string>
  readonly nameservers: string[]
  readonly search: string[]
}

const copiedOptions = ['netmask', 'gateway', 'broadcast']

/**
 * Converts interfaces(5) text, as clouds hand it out in metadata, to network config version 1: addresses, gateways and
 * name servers. Bonds, bridges and commands in it are not taken over. `source` lines are not followed: what they name is
 * on this machine and not the cloud's to say.
 *
 * @throws ConfigError when an interface is defined twice, or is static without an address.
 */
export const networkFromInterfaces = (text: string): JsonObject => {
  const { stanzas, automatic } = parseInterfaces(text)
  const devices = new Map<string, JsonObject & { subnets: JsonObject[] }>()
  for (const stanza of stanzas.values()) {
    // eth0:1 is a further address of eth0.
    const name = stanza.name.split(':', 1)[0] ?? stanza.name
    const device = devices.get(name) ?? { type: name === 'lo' ? 'loopback' : 'physical', name, subnets: [] }
    const mac = stanza.values.get('hwaddress')
    if (!devices.has(name) && mac !== undefined) device['mac_address'] = mac
    device.subnets.push(subnetOf(stanza, automatic.has(stanza.name)))
    devices.set(name, device)
  }
  return { version: 1, config: [...devices.keys()].sort().flatMap((name) => devices.get(name) ?? []) }
}

const subnetOf = (stanza: Stanza, isAutomatic: boolean): JsonObject => {
  const subnet: JsonObject = {
    _orig_eni_name: stanza.name,
    type: stanza.method,
    control: isAutomatic ? 'auto' : 'manual',
  }
  // `inet auto` does not exist.
  if (stanza.method === 'auto' && stanza.isIpv6) subnet['ipv6'] = true
  if (stanza.method === 'static') {
    const address = stanza.values.get('address')
    if (address === undefined) throw new ConfigError(`iface ${stanza.name}`, 'is static, but has no address')
    subnet['address'] = address
  }
  for (const option of copiedOptions) {
    const value = stanza.values.get(option)
    if (value !== undefined) subnet[option] = value
  }
  if (stanza.nameservers.length > 0) subnet['dns_nameservers'] = stanza.nameservers
  if (stanza.search.length > 0) subnet['dns_search'] = stanza.search
  return subnet
}

const parseInterfaces = (text: string) => {
  const stanzas = new Map<string, Stanza>()
  const automatic = new Set<string>()
  let current: Stanza | undefined
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const [option = '', ...words] = line.trim().split(/\s+/)
    if (option === '' || option.startsWith('#')) continue
    if (option === 'auto' || option === 'allow-auto') {
      for (const name of words) automatic.add(name)
    } else if (option === 'iface') {
      const [name = '', family, method = 'manual'] = words
      if (stanzas.has(name)) throw new ConfigError(`iface ${name}`, 'is defined twice')
      current = { name, method, isIpv6: family === 'inet6', values: new Map(), nameservers: [], search: [] }
      stanzas.set(name, current)
    } else if (/^(allow-|no-|source|mapping|rename)/.test(option)) {
      current = undefined
    } else if (current !== undefined) {
      readOption(current, option, words)
    }
  }
  return { stanzas, automatic }
}

const readOption = (stanza: Stanza, option: string, words: readonly string[]): void => {
  if (option === 'dns-nameservers' || option === 'dns-nameserver') stanza.nameservers.push(...words)
  else if (option === 'dns-search') stanza.search.push(...words)
  else if (option === 'hwaddress') stanza.values.set(option, (words[0] === 'ether' ? words[1] : words[0]) ?? '')
  else stanza.values.set(option, words[0] ?? '')
}
