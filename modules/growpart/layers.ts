import type { Machine } from '../../src/machine/machine.ts'
import { kernelPath, type Partition, partitionOf } from '../../src/machine/partition.ts'

/** A LUKS volume that is open. */
export interface EncryptedLayer {
  readonly kind: 'encrypted'
  /** `/dev/dm-0` */
  readonly path: string
  /** Its name below /dev/mapper. */
  readonly name: string
  readonly version: 1 | 2
  readonly below: Layer
}

/** A logical volume of LVM, on one or more physical ones. */
export interface VolumeLayer {
  readonly kind: 'volume'
  readonly path: string
  /** As the device mapper calls it: `group-volume`, with dashes in either name doubled. */
  readonly name: string
  readonly below: readonly Layer[]
}

/** A block device, and what it lies on. */
export type Layer =
  | { readonly kind: 'partition'; readonly path: string; readonly partition: Partition }
  | EncryptedLayer
  | VolumeLayer
  /** A whole disk, or something that does not grow here (RAID, multipath, thin pools ...). */
  | { readonly kind: 'other'; readonly path: string }

const deepest = 8

const deviceOf = (name: string): string => `/dev/${name.replaceAll('!', '/')}`

/**
 * What lies below a block device, by what the kernel says of it in sysfs. The kind of a mapped device is in its uuid,
 * where cryptsetup and LVM put it.
 */
export const layersOf = (machine: Machine, device: string, depth = 0): Layer => {
  const partition = partitionOf(machine, device)
  if (partition !== undefined) return { kind: 'partition', path: partition.path, partition }
  const path = kernelPath(machine, device)
  const folder = `/sys/class/block/${path.slice('/dev/'.length).replaceAll('/', '!')}`
  const fact = (file: string): string => machine.files.readTextIfExists(`${folder}/${file}`)?.trim() ?? ''
  const uuid = fact('dm/uuid')
  const name = fact('dm/name')
  if (uuid === '' || name === '' || depth >= deepest) return { kind: 'other', path }
  const below = machine.files.list(`${folder}/slaves`).map((slave) => layersOf(machine, deviceOf(slave), depth + 1))
  const [only] = below
  if (/^CRYPT-LUKS[12]-/.test(uuid) && only && below.length === 1) {
    return { kind: 'encrypted', path, name, version: uuid.startsWith('CRYPT-LUKS1') ? 1 : 2, below: only }
  }
  if (uuid.startsWith('LVM-') && below.length > 0 && !below.some(isMappedByLvm(machine))) {
    return { kind: 'volume', path, name, below }
  }
  return { kind: 'other', path }
}

/** Mirrors, thin pools and the like are volumes made of volumes. */
const isMappedByLvm =
  (machine: Machine) =>
  ({ path }: Layer): boolean => {
    const uuid = machine.files.readTextIfExists(`/sys/class/block/${path.slice('/dev/'.length)}/dm/uuid`)
    return uuid?.startsWith('LVM-') ?? false
  }

/** The partitions at the bottom. */
export const partitionsBelow = (layer: Layer): Partition[] => {
  if (layer.kind === 'partition') return [layer.partition]
  if (layer.kind === 'other') return []
  return [layer.below].flat().flatMap(partitionsBelow)
}
