import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { deviceAliases, isDevice, partitionFile, splitDiskName } from '../../src/machine/disk-names.ts'

/** `sda`, `vdb1`, `xvdb`, `sr0`: names that may go without /dev. */
const shortName = /^(x?[shv]d[a-z][0-9]*|sr[0-9]+)$/

/** Names that only the cloud can explain (EC2's block device mapping). */
const isCloudName = (name: string): boolean =>
  ['ami', 'root', 'swap'].includes(name) || /^(ephemeral|ebs)[^:]*$/.test(name)

/**
 * The device file behind a name in `mounts`; of a disk with partitions, its first one.
 * @returns undefined when there is none now, or when the name is one for fstab alone (`UUID=...`, `server:/path`)
 */
export const mountDevice = async (context: ModuleContext, name: string): Promise<string | undefined> => {
  if (/^.+:/.test(name)) return undefined
  const { machine, cloudConfig } = context
  const { disk: said, partition } = splitDiskName(name === 'ephemeral' ? 'ephemeral0' : name)
  const disk = await diskOf(context, deviceAliases(cloudConfig).get(said) ?? said, name)
  if (!disk?.startsWith('/')) return undefined
  if (partition !== undefined) return partitionFile(machine, disk, partition)
  return partitionFile(machine, disk, '1') ?? (isDevice(machine, disk) ? disk : undefined)
}

const diskOf = async (context: ModuleContext, disk: string, name: string): Promise<string | undefined> => {
  if (!isCloudName(disk)) return shortName.test(name) ? `/dev/${disk}` : disk
  const device = await context.cloudDevice?.(disk)
  return device === undefined || device.startsWith('/') ? device : `/dev/${device}`
}
