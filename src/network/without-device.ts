import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../machine/json.ts'

/** An interface as network config describes it. */
export interface Device {
  readonly name: string
  /** undefined: it is described by its name alone. */
  readonly mac: string | undefined
}

/**
 * Network config without a physical interface that is gone from the machine. A VLAN on it goes with it; a bond or a
 * bridge loses it as a member.
 */
export const withoutDevice = (config: JsonObject, device: Device): JsonObject => {
  const inner = config['network']
  if (isJsonObject(inner)) return { ...config, network: withoutDevice(inner, device) }
  return config['version'] === 1 ? fromV1(config, device) : fromV2(config, device)
}

const isMeant = (name: string | undefined, given: Json | undefined, device: Device): boolean =>
  typeof given === 'string' ? given.toLowerCase() === device.mac : device.mac === undefined && name === device.name

const fromV1 = (config: JsonObject, device: Device): JsonObject => {
  const items = Array.isArray(config['config']) ? config['config'] : []
  const isGone = (item: Json): item is JsonObject =>
    isJsonObject(item) &&
    textAt(item, 'type') === 'physical' &&
    isMeant(textAt(item, 'name'), item['mac_address'], device)
  const names = new Set(items.filter(isGone).map((item) => textAt(item, 'name')))
  const kept = items
    .filter((item) => !isGone(item) && !(isJsonObject(item) && names.has(textAt(item, 'vlan_link'))))
    .map((item) => (isJsonObject(item) ? withoutMembers(item, ['bond_interfaces', 'bridge_interfaces'], names) : item))
  return { ...config, config: kept }
}

const fromV2 = (config: JsonObject, device: Device): JsonObject => {
  const ethernets = Object.entries(objectAt(config, 'ethernets'))
  const isGone = ([id, given]: [string, Json]): boolean =>
    isJsonObject(given) && isMeant(id, objectAt(given, 'match')['macaddress'], device)
  const ids = new Set<string | undefined>(ethernets.filter(isGone).map(([id]) => id))
  if (ids.size === 0) return config
  const kept = Object.entries(config).map(([section, devices]): [string, Json] => {
    if (!isJsonObject(devices)) return [section, devices]
    const left = Object.entries(devices).flatMap(([id, given]): [string, Json][] => {
      if (section === 'ethernets' && ids.has(id)) return []
      if (!isJsonObject(given)) return [[id, given]]
      if (section === 'vlans' && ids.has(textAt(given, 'link'))) return []
      return [[id, withoutMembers(given, ['interfaces'], ids)]]
    })
    return [section, Object.fromEntries(left)]
  })
  return Object.fromEntries(kept)
}

const withoutMembers = (
  link: JsonObject,
  keys: readonly string[],
  names: ReadonlySet<string | undefined>,
): JsonObject => {
  const kept = Object.entries(link).map(([key, value]): [string, Json] =>
    keys.includes(key) && Array.isArray(value)
      ? [key, value.filter((name) => typeof name !== 'string' || !names.has(name))]
      : [key, value],
  )
  return Object.fromEntries(kept)
}
