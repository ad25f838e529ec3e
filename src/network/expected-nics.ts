import type { Machine } from '../machine/machine.ts'
import { factAt, listNics } from './nics.ts'

/** First byte of the class of a PCI device that is a network controller (PCI Code and ID Assignment, class 02h). */
const pciNetwork = /^0x02/
/** What Hyper-V calls its network devices (Linux: include/linux/hyperv.h, HV_NIC_GUID). */
const hypervNetwork = '{f8615163-df3e-46c5-913f-f2d2f965ed0e}'

/** Folders of the network devices on the buses that say what a device is before any driver has it. */
const networkDevices = (machine: Machine): string[] => {
  const devicesOf = (bus: string, isNetwork: (folder: string, name: string) => boolean): string[] => {
    const folder = `/sys/bus/${bus}/devices`
    return machine.files
      .list(folder)
      .filter((name) => isNetwork(`${folder}/${name}`, name))
      .map((name) => `${folder}/${name}`)
  }
  return [
    ...devicesOf('pci', (folder) => pciNetwork.test(factAt(machine, `${folder}/class`))),
    ...devicesOf('vmbus', (folder) => factAt(machine, `${folder}/class_id`) === hypervNetwork),
    ...devicesOf('xen', (_folder, name) => name.startsWith('vif-')),
  ]
}

/** virtio's interfaces lie one folder deeper than others. */
const hasInterface = ({ files }: Machine, device: string): boolean =>
  [
    device,
    ...files
      .list(device)
      .filter((name) => name.startsWith('virtio'))
      .map((name) => `${device}/${name}`),
  ].some((folder) => files.list(`${folder}/net`).length > 0)

/** udev is through with the interface, which has its name: what sd-device calls initialized, and not renaming. */
const isNamed = (machine: Machine, index: number): boolean => {
  const facts = factAt(machine, `/run/udev/data/n${index}`)
  return /^I:/m.test(facts) && !/^E:ID_RENAMING=1$/m.test(facts)
}

/**
 * True when every network device of the machine has its interface, under the name that udev gives it. False also where
 * that can't be told: no such device at all, one without a driver, no udev.
 */
export const areNicsThere = (machine: Machine): boolean => {
  const devices = networkDevices(machine)
  return (
    devices.length > 0 &&
    devices.every((device) => hasInterface(machine, device)) &&
    listNics(machine)
      .filter(({ isPhysical }) => isPhysical)
      .every(({ index }) => isNamed(machine, index))
  )
}
