import type { Machine } from '../machine/machine.ts'
import type { LinkState, LinkStateType, Surroundings } from './show-state.ts'

/** Kernel documentation, sysfs-class-net. */
const SYSFS = '/sys/class/net'
/** if.h: the interface is switched on. */
const flagUp = 1
/** if_arp.h */
const loopbackType = '772'

/** All interfaces of the machine, with the addresses that are known. */
export const readLinks = (machine: Machine, around: Surroundings): LinkState[] =>
  machine.files
    .list(SYSFS)
    // Beside the interfaces lies a file, bonding_masters.
    .filter((name) => machine.files.exists(`${SYSFS}/${name}/ifindex`) || fact(machine, name, 'address') !== '')
    .map((name) => ({ link: readLink(machine, name, around), index: Number(fact(machine, name, 'ifindex')) || 0 }))
    .sort((left, right) => left.index - right.index)
    .map(({ link }) => link)

/** Reading it can fail (`carrier` of one that is down says EINVAL), then it is empty. */
const fact = (machine: Machine, name: string, path: string): string => {
  try {
    return (machine.files.readTextIfExists(`${SYSFS}/${name}/${path}`) ?? '').trim()
  } catch {
    return ''
  }
}

const readLink = (machine: Machine, name: string, { addresses, vlanIds }: Surroundings): LinkState => {
  const at = `${SYSFS}/${name}`
  const type = typeOf(machine, name)
  const master = machine.files.readLink(`${at}/master`)?.split('/').at(-1)
  const driver = machine.files.readLink(`${at}/device/driver`)?.split('/').at(-1)
  const vlanId = vlanIds.get(name)
  return {
    name,
    type,
    below: partsOf(machine, name, type),
    state: stateOf(machine, name),
    mac: fact(machine, name, 'address'),
    mtu: Number(fact(machine, name, 'mtu')) || 0,
    addresses: addresses.get(name) ?? [],
    ...(vlanId !== undefined && { vlanId }),
    ...(master !== undefined && { master }),
    ...(driver !== undefined && { driver }),
  }
}

const typeOf = (machine: Machine, name: string): LinkStateType => {
  const has = (path: string): boolean => machine.files.exists(`${SYSFS}/${name}/${path}`)
  const deviceType = /^DEVTYPE=(.*)$/m.exec(fact(machine, name, 'uevent'))?.[1]
  if (fact(machine, name, 'type') === loopbackType || name === 'lo') return 'loopback'
  if (has('bonding')) return 'bond'
  if (has('bridge')) return 'bridge'
  if (deviceType === 'vlan') return 'vlan'
  if (deviceType === 'wlan' || has('wireless')) return 'wireless'
  return has('device') ? 'physical' : 'virtual'
}

/** A link to each interface below lies in the folder, as `lower_eth0`. */
const partsOf = (machine: Machine, name: string, type: LinkStateType): string[] =>
  type === 'bond' || type === 'bridge' || type === 'vlan'
    ? machine.files.list(`${SYSFS}/${name}`).flatMap((entry) => /^lower_(.+)$/.exec(entry)?.[1] ?? [])
    : []

const stateOf = (machine: Machine, name: string): LinkState['state'] => {
  const flags = fact(machine, name, 'flags')
  const isOn = flags === '' ? fact(machine, name, 'operstate') === 'up' : (Number(flags) & flagUp) !== 0
  if (!isOn) return 'down'
  return fact(machine, name, 'carrier') === '0' ? 'no-carrier' : 'up'
}
