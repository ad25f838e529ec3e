import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { deviceOfPath } from '../../src/machine/root-device.ts'
import { growEncrypted } from './encrypted.ts'
import { growPartition } from './grow-partition.ts'
import { type GrowTool, namedTool } from './grow-tools.ts'
import { type Layer, layersOf, partitionsBelow } from './layers.ts'
import { roomOf } from './room.ts'
import { growVolume } from './volume-group.ts'

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
            '`growpart`, `gpart`: this tool. `auto`: whichever is installed, also sfdisk (tried first, as it is the quickest) ' +
            'and systemd-repart. `off`: nothing grows.',
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

/** True when a partition at the bottom can grow, so that what lies on it is going to. */
const hasRoomBelow = async (machine: Machine, layer: Layer): Promise<boolean> => {
  for (const partition of partitionsBelow(layer)) {
    const { kind } = await roomOf(machine, partition)
    if (kind === 'some' || kind === 'untold') return true
  }
  return false
}

/** Grows a device from below: the partition, then the encrypted volume, then LVM's. */
const growLayer = async (context: ModuleContext, layer: Layer, named: GrowTool | undefined): Promise<void> => {
  const { machine } = context
  switch (layer.kind) {
    case 'partition':
      return growPartition(context, layer.partition, named)
    case 'encrypted':
      await growLayer(context, layer.below, named)
      return growEncrypted(machine, layer)
    case 'volume':
      return growVolume(context, layer, await hasRoomBelow(machine, layer), async () => {
        for (const below of layer.below) await growLayer(context, below, named)
      })
    case 'other':
      return machine.log.debug(`growpart: ${layer.path} is no partition, and no volume on one: skipped`)
  }
}

const growEntry = async (context: ModuleContext, entry: string, named: GrowTool | undefined): Promise<void> => {
  const { machine } = context
  const device = blockDevice(context, entry)
  if (device === undefined) return machine.log.debug(`growpart: ${entry} is on no block device: skipped`)
  await growLayer(context, layersOf(machine, device), named)
}

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
    'that in /cc_growpart_keydata (destroyed by it), or /etc/crypttab names a key file. A linear volume of LVM gets what its ' +
    'partition has gained; what was free in its group stays free.',
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
    const named = await namedTool(machine, mode)
    const failures: string[] = []
    for (const entry of devices) {
      try {
        await growEntry(context, entry, named)
      } catch (error) {
        const line = `growpart.devices: ${entry}: ${messageOf(error)}`
        machine.log.error(line)
        failures.push(line)
      }
    }
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
})
