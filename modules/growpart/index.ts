import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { ItemsFailed, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json } from '../../src/machine/json.ts'
import { bytesBehind, deviceSize, type Partition, partitionOf } from '../../src/machine/partition.ts'
import { deviceOfPath } from '../../src/machine/root-device.ts'
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

/** The partition of an entry, when there is room behind it: asking the kernel costs nothing, a tool takes a while. */
const growable = (context: ModuleContext, entry: string): Partition | undefined => {
  const { machine } = context
  const device = blockDevice(context, entry)
  const partition = device === undefined ? undefined : partitionOf(machine, device)
  if (partition === undefined) {
    machine.log.debug(`growpart: ${entry} is on no partition: skipped`)
    return undefined
  }
  const behind = bytesBehind(machine, partition)
  if (behind === undefined || behind > alignmentBytes) return partition
  machine.log.debug(`growpart: ${entry} (${partition.path}) is as large as it can be`)
  return undefined
}

const growOne = async (context: ModuleContext, tool: GrowTool, entry: string, partition: Partition): Promise<void> => {
  const { machine, paths } = context
  const before = deviceSize(machine, partition.path)
  if (!(await tool.grow(machine, partition, `${paths.run}/tmp/growpart`))) {
    machine.log.debug(`growpart: ${entry} (${partition.path}) is as large as it can be`)
    return
  }
  const after = deviceSize(machine, partition.path)
  machine.log.info(`growpart: ${entry} (${partition.path}) grew from ${before} to ${after} bytes`)
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
    'Nothing is written where nothing can grow. Encrypted and mapped devices are left alone.',
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
        const partition = growable(context, entry)
        if (partition !== undefined) await growOne(context, tool, entry, partition)
      } catch (error) {
        const line = `growpart.devices: ${entry}: ${messageOf(error)}`
        machine.log.error(line)
        failures.push(line)
      }
    }
    if (failures.length > 0) throw new ItemsFailed(failures)
  },
})
