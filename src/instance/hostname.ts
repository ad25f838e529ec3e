import ipaddr from 'ipaddr.js'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

/** Both names of a machine. `fqdn` equals `hostname` when there is no domain. */
export interface Hostnames {
  /** Up to the first dot. */
  readonly hostname: string
  readonly fqdn: string
}

/** A domain that says nothing: it is left out of the FQDN. */
const noDomain = 'localdomain'

const split = (name: string): Hostnames => {
  const [hostname = '', ...rest] = name.split('.')
  const domain = rest.join('.')
  return { hostname, fqdn: domain === '' || domain === noDomain ? hostname : `${hostname}.${domain}` }
}

/**
 * Names by metadata. An IPv4 address becomes `ip-192-0-2-7`.
 * @returns undefined when the metadata has no name.
 */
export const hostnamesByMetadata = (localHostname: string | undefined): Hostnames | undefined => {
  const name = localHostname?.trim()
  if (!name || name.startsWith('.')) return undefined
  return split(ipaddr.IPv4.isValidFourPartDecimal(name) ? `ip-${name.replaceAll('.', '-')}` : name)
}

/** Names by metadata, or else those the machine has now (with the domain that /etc/hosts knows). */
export const hostnamesOf = (machine: Machine, localHostname: string | undefined): Hostnames =>
  hostnamesByMetadata(localHostname) ?? presentHostnames(machine)

const presentHostnames = (machine: Machine): Hostnames => {
  const present = presentName(machine)
  return split(fqdnByHosts(readOrEmpty(machine, '/etc/hosts'), present) ?? present)
}

const readOrEmpty = (machine: Machine, path: string): string => {
  try {
    return machine.files.readTextIfExists(path) ?? ''
  } catch (error) {
    machine.log.warning(`the present host name is looked up without ${path}: ${messageOf(error)}`)
    return ''
  }
}

const presentName = (machine: Machine): string => {
  for (const path of ['/proc/sys/kernel/hostname', '/etc/hostname']) {
    const name = readOrEmpty(machine, path).trim()
    if (name !== '' && name !== '(none)') return name
  }
  return 'localhost'
}

/** The canonical name (with a domain) of the line of hosts(5) that lists `hostname` as one of its names. */
const fqdnByHosts = (hosts: string, hostname: string): string | undefined => {
  for (const line of hosts.split('\n')) {
    const [, canonical, ...aliases] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (canonical?.includes('.') && !canonical.startsWith('.') && aliases.includes(hostname)) return canonical
  }
  return undefined
}
