import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { candidateNics, isFailoverMaster, type Nic } from './nics.ts'

export interface FallbackOptions {
  /** Match the driver, too, where several interfaces share a MAC address. */
  readonly withDriver?: boolean
  /** MAC address of the interface that the machine was booted by, which surely leads somewhere. */
  readonly bootMac?: string | undefined
}

/** DHCP on the interface that most probably leads to the world; undefined when there is none. */
export const fallbackNetwork = (machine: Machine, options: FallbackOptions = {}): JsonObject | undefined => {
  const candidates = candidateNics(machine)
  const nic = candidates.find(({ mac }) => mac === options.bootMac) ?? candidates[0]
  return nic === undefined ? undefined : { version: 2, ethernets: { [nic.name]: ethernetOf(machine, nic, options) } }
}

const ethernetOf = (machine: Machine, nic: Nic, { withDriver }: FallbackOptions): JsonObject => ({
  dhcp4: true,
  dhcp6: true,
  'set-name': nic.name,
  match: {
    ...(isFoundByName(machine, nic) ? { name: nic.name } : { macaddress: nic.mac }),
    ...(withDriver === true && nic.driver !== undefined && { driver: nic.driver }),
  },
})

/**
 * The members of a failover pair have the MAC address of their master. netplan finds interfaces by their permanent address
 * only, which one of a container does not have.
 */
const isFoundByName = (machine: Machine, nic: Nic): boolean => isFailoverMaster(machine, nic) || !nic.hasPermanentMac
