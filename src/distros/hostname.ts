import { hostnamesOf } from '../instance/hostname.ts'
import type { Instance } from '../instance/instance.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Distro } from './distro.ts'

/** What the configuration says about names; a name given as a number has become text. */
export interface HostnameConfig {
  readonly hostname?: string
  readonly fqdn?: string
}

export interface ChosenHostname {
  /** Short name (or whatever `hostname` says). */
  readonly hostname: string
  readonly fqdn: string
  /** True when neither configuration nor metadata has a name: these are the names the machine has already. */
  readonly isPresent: boolean
}

/**
 * The machine's names: `fqdn` of the configuration (with `hostname`, or its first part), else a `hostname` with dots,
 * else metadata with `hostname` in place of the short name.
 */
export const chooseHostname = (config: HostnameConfig, instance: Instance, machine: Machine): ChosenHostname => {
  const hostname = config.hostname?.trim() || undefined
  const fqdn = config.fqdn?.trim() || undefined
  const [firstPart = ''] = (fqdn ?? hostname ?? '').split('.', 1)
  if (fqdn !== undefined) return { hostname: hostname ?? firstPart, fqdn, isPresent: false }
  if (hostname !== undefined && hostname.indexOf('.') > 0)
    return { hostname: firstPart, fqdn: hostname, isPresent: false }
  const names = namesOf(instance, machine)
  const isPresent = hostname === undefined && instance.hostname === undefined
  return { hostname: hostname ?? names.hostname, fqdn: names.fqdn, isPresent }
}

/** Names by metadata, or else those the machine has now. */
export const namesOf = (instance: Instance, machine: Machine): { hostname: string; fqdn: string } => {
  if (instance.hostname === undefined) return hostnamesOf(machine, instance.data.localHostname)
  return { hostname: instance.hostname, fqdn: instance.fqdn ?? instance.hostname }
}

/** Nothing that a command takes for an option, a path or two words. */
const usableName = /^[^\s\p{Cc}/-][^\s\p{Cc}/]*$/u
/** The kernel takes no longer name (sethostname(2)). */
const longestName = 64

export const isUsableHostname = (name: string): boolean =>
  isUsableInFile(name) && Buffer.byteLength(name) <= longestName

/** One word, so that a name from metadata never becomes a second line or entry of a file such as /etc/hosts. */
export const isUsableInFile = (name: string): boolean => usableName.test(name)

/** Where a container may not change the kernel's name, the kept one is in force after the next start. */
export const applyHostname = async (machine: Machine, distro: Distro, name: string): Promise<void> => {
  try {
    await distro.identity.applyHostname(machine, name)
  } catch (error) {
    machine.log.warning(`the host name ${name} is kept, but is not in force yet: ${messageOf(error)}`)
  }
}
