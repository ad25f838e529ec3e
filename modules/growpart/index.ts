import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { bytesBehind, deviceSize, type Partition, partitionOf } from '../../src/machine/partition.ts'
import { deviceOfPath } from '../../src/machine/root-device.ts'
import { encryptedVolumeOf, growEncrypted } from './encrypted.ts'
import { chooseTool, type GrowTool } from './grow-tools.ts'
import { alignmentBytes } from './partition-table.ts'

const schema = {
  type: 'object',
  properties: {
    growpart: {
      type: 'object',
      additionalProperties: false,
      description: 'Partitions that grow with their disk.',
      properties: {
        mode: {
          default: 'auto',
          description:
            '`growpart`, `gpart`: this tool. `auto`: whichever is installed (also sfdisk). `off`: nothing grows.',
          oneOf: [
            { enum: ['auto', 'growpart', 'gpart', 'off'] },
            {
              enum: [false],
              changed: true,
              changed_version: '22.3',
              changed_description:
                "Specifying a boolean `false` value for **mode** is deprecated. Use the string `'off'` instead.",
            },
          ],
        },
        devices: {
          type: 'array',
          default: ['/'],
          items: { type: 'string' },
          description: 'Mount points or devices whose partition grows.',
        },
        ignore_growroot_disabled: {
          type: 'boolean',
          default: false,
          description: 'False: nothing grows when there is a file /etc/growroot-disabled.',
        },
      },
    },
  },
} as const

/** The block device of an entry of `devices`; undefined when there is none (a container's root, for example). */
const blockDevice = ({ machine }: ModuleContext, entry: string): string | undefined => {
  if (!entry.startsWith('/dev/')) return deviceOfPath(machine, entry)?.device
  return machine.files.stat(entry)?.type === 'device' ? entry : undefined
}

/** An entry's partition grows, and what is encrypted on it. */
const growEntry = async (context: ModuleContext, tool: GrowTool, entry: string): Promise<void> => {
  const { machine } = context
  const device = blockDevice(context, entry)
  if (device === undefined) return machine.log.debug(`growpart: ${entry} is on no block device: skipped`)
  const volume = await encryptedVolumeOf(machine, device)
  await growPartition(context, tool, entry, volume?.partition ?? device)
  if (volume === undefined) return
  const message = (await growEncrypted(machine, volume)) ? 'fills its partition' : 'has no key to be grown by: skipped'
  machine.log.info(`growpart: the encrypted ${volume.path} ${message}`)
}

const growPartition = async (context: ModuleContext, tool: GrowTool, entry: string, device: string): Promise<void> => {
  const { machine, paths } = context
  const partition = partitionOf(machine, device)
  if (partition === undefined) return machine.log.debug(`growpart: ${entry} (${device}) is no partition: skipped`)
  const before = deviceSize(machine, partition.path)
  if (!hasRoom(machine, partition) || !(await tool.grow(machine, partition, `${paths.run}/tmp/growpart`))) {
    return machine.log.debug(`growpart: ${entry} (${partition.path}) is as large as it can be`)
  }
  const after = deviceSize(machine, partition.path)
  machine.log.info(`growpart: ${entry} (${partition.path}) grew from ${before} to ${after} bytes`)
}

/** Asking the kernel costs nothing, a tool takes a while. Where the kernel does not tell, the tool must. */
const hasRoom = (machine: Machine, partition: Partition): boolean =>
  (bytesBehind(machine, partition) ?? Number.POSITIVE_INFINITY) > alignmentBytes

/** `growpart: no` is reported as no mapping; it hardly means that something should grow. */
const isNoMapping = (value: Json | undefined): boolean => value !== undefined && value !== null && !isJsonObject(value)

export default defineModule({
  id: 'growpart',
  frequency: 'always',
  distros: 'all',
  title: 'Grow partitions',
  description:
    'At every boot, so that a disk that was made larger is used at the next one. The file system follows by resizefs. ' +
    'Nothing is written where nothing can grow. A LUKS volume grows with its partition, where the image has left a key for ' +
    'that in /cc_growpart_keydata.',
  examples: ['#cloud-config\ngrowpart:\n  mode: auto\n  devices: [/, /dev/vdb1]\n  ignore_growroot_disabled: false\n'],
  schema,
  run: async ({ growpart: settings = {} }, context) => {
    const { machine, cloudConfig } = context
    if (isNoMapping(cloudConfig['growpart'])) return
    const { mode = 'auto', devices = ['/'], ignore_growroot_disabled: ignoreMark = false } = settings
    if (mode === false) machine.log.deprecated("growpart.mode: false is deprecated; use 'off'")
    if (mode === false || mode === 'off' || devices.length === 0) return
    if (!ignoreMark && machine.files.exists('/etc/growroot-disabled')) {
      machine.log.debug('growpart: nothing grows, because /etc/growroot-disabled is there')
      return
    }
    const tool = await chooseTool(machine, mode)
    if (tool === undefined) return machine.log.debug('growpart: no tool that grows partitions is installed')
    const failures: string[] = []
    for (const entry of devices) {
      try {
        await growEntry(context, tool, entry)
      } catch (error) {
        const line = `growpart.devices: ${entry}: ${messageOf(error)}`
        machine.log.error(line)
        failures.push(line)
      }
    }
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
})
