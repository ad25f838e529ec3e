import type { Machine } from './machine.ts'

/** A partition, by what sysfs says: names (`vda1`, `nvme0n1p2`, `mmcblk0p1`) tell nothing reliable. */
export interface Partition {
  /** `/dev/nvme0n1p2` */
  readonly path: string
  /** `/dev/nvme0n1` */
  readonly disk: string
  /** From 1. */
  readonly number: number
}

/** sysfs counts in these, whatever the disk's own sectors are. */
const sectorBytes = 512

const block = '/sys/class/block'

/**
 * The kernel's path of a device that may be given by a link or another name: `/dev/dm-0` for `/dev/mapper/root`, which is a
 * link where udev made it, and a device of its own where an initramfs did.
 */
export const kernelPath = (machine: Machine, device: string): string => {
  const path = machine.files.exists(device) ? machine.files.realPath(device) : device
  if (!path.startsWith('/dev/mapper/')) return path
  const wanted = path.slice('/dev/mapper/'.length)
  const mapped = machine.files.list(block).filter((name) => name.startsWith('dm-'))
  const found = mapped.find((name) => machine.files.readTextIfExists(`${block}/${name}/dm/name`)?.trim() === wanted)
  return found === undefined ? path : `/dev/${found}`
}

const sysfsFolder = (machine: Machine, device: string): string | undefined => {
  const name = kernelPath(machine, device)
    .replace(/^\/dev\//, '')
    .replaceAll('/', '!')
  const folder = `${block}/${name}`
  return machine.files.exists(folder) ? machine.files.realPath(folder) : undefined
}

const numberIn = (machine: Machine, file: string): number | undefined => {
  const text = machine.files.readTextIfExists(file)?.trim()
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** The partition that `device` (or a link to it) is; undefined when it is none. */
export const partitionOf = (machine: Machine, device: string): Partition | undefined => {
  const folder = sysfsFolder(machine, device)
  if (folder === undefined) return undefined
  const number = numberIn(machine, `${folder}/partition`)
  if (number === undefined) return undefined
  const [name, diskName] = folder.split('/').reverse()
  if (!name || !diskName || !machine.files.exists(`/sys/class/block/${diskName}`)) return undefined
  return { path: `/dev/${name.replaceAll('!', '/')}`, disk: `/dev/${diskName.replaceAll('!', '/')}`, number }
}

/** Bytes of a disk or partition as the kernel sees it now; undefined when it does not know the device. */
export const deviceSize = (machine: Machine, device: string): number | undefined => {
  const folder = sysfsFolder(machine, device)
  const sectors = folder === undefined ? undefined : numberIn(machine, `${folder}/size`)
  return sectors === undefined ? undefined : sectors * sectorBytes
}

/** Size of the disk's logical sectors in bytes, in which its partition table counts. */
export const logicalSectorBytes = (machine: Machine, disk: string): number => {
  const folder = sysfsFolder(machine, disk)
  return (folder === undefined ? undefined : numberIn(machine, `${folder}/queue/logical_block_size`)) ?? sectorBytes
}

/** Where a partition begins, in bytes, as the kernel sees it; undefined when it does not say. */
export const partitionStart = (machine: Machine, partition: Partition): number | undefined => {
  const folder = sysfsFolder(machine, partition.path)
  const sectors = folder === undefined ? undefined : numberIn(machine, `${folder}/start`)
  return sectors === undefined ? undefined : sectors * sectorBytes
}

/** True when the kernel refuses to write to the device. */
export const isReadOnlyDevice = (machine: Machine, device: string): boolean => {
  const folder = sysfsFolder(machine, device)
  return folder !== undefined && numberIn(machine, `${folder}/ro`) === 1
}

/**
 * Bytes between the end of a partition and its next neighbour, or the end of the disk, as the kernel sees them now.
 * undefined when sysfs does not tell. What a partition table needs for itself is part of it.
 */
export const bytesBehind = (machine: Machine, partition: Partition): number | undefined => {
  const disk = sysfsFolder(machine, partition.disk)
  const own = sysfsFolder(machine, partition.path)
  if (disk === undefined || own === undefined) return undefined
  const [start, size] = [numberIn(machine, `${own}/start`), numberIn(machine, `${own}/size`)]
  const diskSize = numberIn(machine, `${disk}/size`)
  if (start === undefined || size === undefined || diskSize === undefined) return undefined
  const end = start + size
  const neighbours = machine.files
    .list(disk)
    .filter((name) => machine.files.exists(`${disk}/${name}/partition`))
    .map((name) => numberIn(machine, `${disk}/${name}/start`) ?? 0)
    .filter((other) => other >= end)
  return (Math.min(diskSize, ...neighbours) - end) * sectorBytes
}
