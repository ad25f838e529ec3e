import type { Machine } from '../machine/machine.ts'

/** A network interface that may lead to the world: no loopback, bridge, bond, VLAN, tunnel or part of another. */
export interface Nic {
  readonly name: string
  /** Lower case, with colons. */
  readonly mac: string
  /** Kernel driver: `virtio_net`, `ena`, `hv_netvsc` ...; undefined when there is no device behind it (containers). */
  readonly driver: string | undefined
  /** The kernel's number, by order of appearance. */
  readonly index: number
  /** `up`, `down`, `dormant`, `lowerlayerdown`, `unknown` ... */
  readonly operState: string
  /** It is switched on, whether its cable leads anywhere or not. */
  readonly isUp: boolean
  /** Its MAC address is its own; a container's is made up, and another driver knows no permanent one. */
  readonly hasPermanentMac: boolean
  /** The other end of the cable answers. False also when the interface is down: then nothing can be known. */
  readonly hasCarrier: boolean
  /** A device is behind it, as opposed to something the kernel made up. */
  readonly isPhysical: boolean
}

const SYSFS = '/sys/class/net'
const noMac = /^$|^00:00:00:00:00:00$/
/**
 * addr_assign_type: 0 is permanent, 1 is random, 2 is stolen from another device (bonds, VLANs), 3 was set. Kernel
 * documentation, sysfs-class-net.
 */
const stolenMac = '2'
const madeUpMacs = new Set(['1', '3'])
/** The lowest bit of an interface's flags (netdevice(7)). */
const IFF_UP = 1

/** A fact that a file of the kernel or of udev tells; reading it can fail (EINVAL, EIO), then it is empty. */
export const factAt = (machine: Machine, path: string): string => {
  try {
    return (machine.files.readTextIfExists(path) ?? '').trim()
  } catch {
    return ''
  }
}

/** A fact of an interface: `carrier` of one that is down says EINVAL. */
const fact = (machine: Machine, name: string, path: string): string => factAt(machine, `${SYSFS}/${name}/${path}`)

const isMadeOfOthers = (machine: Machine, name: string): boolean => {
  const has = (path: string): boolean => machine.files.exists(`${SYSFS}/${name}/${path}`)
  return (
    has('bridge') ||
    has('bonding') ||
    has('tun_flags') ||
    /^DEVTYPE=vlan$/m.test(fact(machine, name, 'uevent')) ||
    machine.files.linkStat(`${SYSFS}/${name}/master`) !== undefined
  )
}

const readNic = (machine: Machine, name: string): Nic | undefined => {
  if (name === 'lo' || /^(veth|dummy)/.test(name)) return undefined
  const mac = fact(machine, name, 'address').toLowerCase()
  if (noMac.test(mac) || fact(machine, name, 'addr_assign_type') === stolenMac) return undefined
  if (isMadeOfOthers(machine, name)) return undefined
  return {
    name,
    mac,
    driver: machine.files.readLink(`${SYSFS}/${name}/device/driver`)?.split('/').at(-1),
    index: Number.parseInt(fact(machine, name, 'ifindex'), 10) || 0,
    operState: fact(machine, name, 'operstate') || 'unknown',
    isUp: isUp(machine, name),
    hasPermanentMac: !madeUpMacs.has(fact(machine, name, 'addr_assign_type')),
    hasCarrier: fact(machine, name, 'carrier') === '1',
    isPhysical: machine.files.exists(`${SYSFS}/${name}/device`),
  }
}

const isUp = (machine: Machine, name: string): boolean => {
  const flags = fact(machine, name, 'flags')
  // Where nobody says: what is not surely down is taken to be up, and is taken down before it is renamed.
  return flags === '' ? fact(machine, name, 'operstate') !== 'down' : (Number(flags) & IFF_UP) === IFF_UP
}

/** The machine's interfaces, by the kernel's number. */
export const listNics = (machine: Machine): Nic[] =>
  machine.files
    .list(SYSFS)
    .flatMap((name) => readNic(machine, name) ?? [])
    .sort((left, right) => left.index - right.index)

/** Name by MAC address (lower case). */
export const nicNamesByMac = (machine: Machine): Map<string, string> =>
  new Map(listNics(machine).map(({ mac, name }) => [mac, name]))

/** States in which a cable may still turn out to be plugged in (kernel documentation, operstates). */
const hopefulStates = new Set(['dormant', 'down', 'lowerlayerdown', 'unknown', 'up'])

const mayConnect = (machine: Machine, { name, operState }: Nic): boolean =>
  hopefulStates.has(operState) || fact(machine, name, 'dormant') === '1'

/**
 * The master of a failover pair: a virtio interface that offers to stand by for another (virtio specification, 5.1.3,
 * VIRTIO_NET_F_STANDBY is bit 62).
 */
export const isFailoverMaster = (machine: Machine, { name, driver }: Nic): boolean =>
  driver === 'virtio_net' && fact(machine, name, 'device/features')[62] === '1'

/**
 * The interfaces by which metadata may be reached, the most promising first: `first` (if there is one of that name),
 * then those with a carrier, then the others, each in natural order of their names (`ens4` before `ens10`).
 */
export const candidateNics = (machine: Machine, first = 'eth0'): Nic[] => {
  const rank = (nic: Nic): number => (nic.name === first ? 0 : nic.hasCarrier ? 1 : 2)
  const all = listNics(machine)
  const accelerated = new Set(all.filter(({ driver }) => driver === 'hv_netvsc').map(({ mac }) => mac))
  const isUsable = (nic: Nic): boolean =>
    (nic.hasCarrier || mayConnect(machine, nic)) && (nic.driver === 'hv_netvsc' || !accelerated.has(nic.mac))
  return all
    .filter(isUsable)
    .sort((left, right) => rank(left) - rank(right) || left.name.localeCompare(right.name, 'en', { numeric: true }))
}

/** The interface that gets DHCP when nothing else is known. */
export const fallbackNic = (machine: Machine): Nic | undefined => candidateNics(machine)[0]
