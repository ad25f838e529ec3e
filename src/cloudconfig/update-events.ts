import type { InstanceData } from '../instance/instance-data.ts'
import type { Paths } from '../instance/paths.ts'
import { isJsonObject, type JsonObject, objectAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'

/** The occasions on which the network is configured, by their names in `updates.network.when`. */
export const updateEvents = ['boot-new-instance', 'boot', 'boot-legacy', 'hotplug'] as const
export type UpdateEvent = (typeof updateEvents)[number]

/** Where `hotplug-hook enable` keeps what it was told, as cloud-init does: `{"scopes": ["network"]}`. */
export const hotplugMark = (paths: Paths): string => `${paths.cloud}/hotplug.enabled`

/** Whether somebody enabled hotplug on this machine by hand. A file that can't be read enables nothing. */
export const isHotplugMarked = (machine: Machine, paths: Paths): boolean => {
  try {
    const parsed: unknown = JSON.parse(machine.files.readTextIfExists(hotplugMark(paths), 1 << 16) ?? '{}')
    const scopes = isJsonObject(parsed) ? parsed['scopes'] : undefined
    return Array.isArray(scopes) && scopes.includes('network')
  } catch {
    return false
  }
}

/**
 * The occasions on which this instance's network is configured: the user's list where there is one, else the
 * datasource's; and hotplug where it was enabled by hand. An instance that is new is configured whatever they say.
 */
export const networkEvents = (
  machine: Machine,
  paths: Paths,
  cloudConfig: JsonObject,
  data: InstanceData,
): ReadonlySet<UpdateEvent> => {
  const asked = objectAt(objectAt(cloudConfig, 'updates'), 'network')['when']
  const wanted: readonly unknown[] = Array.isArray(asked)
    ? asked
    : (data.updateEvents?.['network'] ?? ['boot-new-instance'])
  const known = updateEvents.filter((event) => wanted.includes(event))
  return new Set([...known, ...(isHotplugMarked(machine, paths) ? (['hotplug'] as const) : [])])
}
