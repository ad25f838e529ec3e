import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { deviceAliases, splitDiskName } from '../../src/machine/disk-names.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import { type FileSystemDefinition, makeFileSystem } from './make-filesystem.ts'
import { type DiskDefinition, partitionDisk } from './partition-disk.ts'
import { settle } from './probe.ts'
import { schema } from './schema.ts'

/** The device that a name means: an alias, the cloud's own name, or a path; the name itself where nobody knows it. */
const deviceNamed = async ({ cloudConfig, cloudDevice }: ModuleContext, name: string): Promise<string> => {
  const alias = deviceAliases(cloudConfig).get(name)
  const device = (await cloudDevice?.(alias ?? name)) ?? alias ?? name
  return device.startsWith('/') ? device : `/dev/${device}`
}

/** Waits for a device to appear. Links are followed: tools and partition names are about the real one. */
const realDevice = async ({ machine }: ModuleContext, device: string, key: string): Promise<string> => {
  await settle(machine)
  if (!machine.files.exists(device)) throw new ConfigError(key, `there is no device ${device}`)
  return machine.files.realPath(device)
}

/** What one fails at concerns no other. A machine without its second disk still boots: a warning is enough. */
const tolerate = async ({ machine }: ModuleContext, key: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    const why = messageOf(error)
    machine.log.warning(why.startsWith(key) ? why : `${key}: ${why}`)
  }
}

const partitionAll = async (
  context: ModuleContext,
  definitions: Readonly<Record<string, DiskDefinition>>,
): Promise<void> => {
  const byDevice = new Map<string, { readonly key: string; readonly definition: DiskDefinition }>()
  for (const [name, definition] of Object.entries(definitions).sort(([left], [right]) => (left < right ? -1 : 1))) {
    byDevice.set(await deviceNamed(context, name), { key: `disk_setup.${name}`, definition })
  }
  for (const [device, { key, definition }] of byDevice) {
    await tolerate(context, key, async () => {
      if (!definition.layout) return
      await partitionDisk(context, await realDevice(context, device, key), definition, key)
    })
  }
}

type Entry = Omit<FileSystemDefinition, 'partition'> & {
  readonly device?: string
  readonly partition?: string | number
}

/** `ephemeral0.1`: the number behind the dot counts before `partition`. A path that is there as it stands has no such dot. */
const fileSystemPlace = async (context: ModuleContext, entry: Entry, key: string) => {
  const { device: name, partition = 'any' } = entry
  if (name === undefined) throw new ConfigError(key, 'device is missing')
  const split = splitDiskName(name)
  if (split.partition === undefined || (name.startsWith('/') && context.machine.files.exists(name))) {
    return { device: await deviceNamed(context, name), partition: String(partition).toLowerCase() }
  }
  if (entry.partition !== undefined)
    context.machine.log.warning(`${key}.partition: ${name} says ${split.partition} already`)
  return { device: await deviceNamed(context, split.disk), partition: split.partition }
}

export default defineModule({
  id: 'disk_setup',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['disk_setup', 'fs_setup'],
  schema,
  title: 'Partitions disks and makes file systems',
  description:
    'Disks that hold something, and partitions that have the file system already, are left alone unless `overwrite` says ' +
    'otherwise. To use what is made, see `mounts`.',
  examples: [
    '#cloud-config\ndevice_aliases:\n  data: /dev/vdb\ndisk_setup:\n  data:\n    table_type: gpt\n    layout: [50, [50, 82]]\n    overwrite: false\n' +
      'fs_setup:\n  - device: data.1\n    label: data\n    filesystem: ext4\n  - device: data.2\n    filesystem: swap\nmounts:\n  - [data.1, /data]\n',
  ],
  run: async ({ disk_setup: disks = {}, fs_setup: fileSystems = [] }, context) => {
    if (context.machine.kind === 'image') {
      context.machine.log.info('disk_setup: the disks are not those of the image, so nothing is done')
      return
    }
    await partitionAll(context, disks as Readonly<Record<string, DiskDefinition>>)
    for (const [index, entry] of fileSystems.entries()) {
      const key = `fs_setup[${index}]`
      await tolerate(context, key, async () => {
        const { device, partition } = await fileSystemPlace(context, entry, key)
        await makeFileSystem(context, await realDevice(context, device, key), { ...entry, partition }, key)
      })
    }
  },
})
