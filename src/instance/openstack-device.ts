import { objectAt, textAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { existingDevice } from './device-names.ts'
import type { InstanceData } from './instance-data.ts'

/**
 * The block device that OpenStack calls `name` (`root`, `ephemeral0`): by the EC2 metadata that it hands out beside its
 * own, else by the file system label.
 */
export const openstackDevice = (machine: Machine, data: InstanceData, name: string): string | undefined => {
  const mapping = objectAt(objectAt(data.extra ?? {}, 'ec2_metadata'), 'block-device-mapping')
  for (const key of aliases[name] ?? [name]) {
    const said = textAt(mapping, key)
    const device = said === undefined ? undefined : existingDevice(machine, said)
    if (device !== undefined) return device
  }
  if (!/^[\w.-]+$/.test(name)) return undefined
  const link = `/dev/disk/by-label/${name}`
  return machine.files.exists(link) ? machine.files.realPath(link) : undefined
}

/** `ami` and `root` are the same disk by two names. */
const aliases: Readonly<Record<string, readonly string[]>> = { root: ['ami', 'root'], ami: ['ami', 'root'] }
