import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../machine/json.ts'

/**
 * Network config without the interface that has this MAC address, which is gone from the machine. What lies on it goes
 * with it when nothing else is left: a VLAN; a bond or a bridge loses it as a member.
 */
export const withoutDevice = (config: JsonObject, mac: string): JsonObject => {
  const inner = config['network']
  if (isJsonObject(inner)) return { ...config, network: withoutDevice(inner, mac) }
  return config['version'] === 1 ? fromV1(config, mac) : fromV2(config, mac)
}

const isMac = (value: Json | undefined, mac: string): boolean =>
  typeof value === 'string' && value.toLowerCase() === mac.toLowerCase()

const fromV1 = (config: JsonObject, mac: string): JsonObject => {
  const items = Array.isArray(config['config']) ? config['config'] : []
  const isGone = (item: Json): item is JsonObject =>
    isJsonObject(item) && textAt(item, 'type') === 'physical' && isMac(item['mac_address'], mac)
  const names = new Set(items.filter(isGone).map((item) => textAt(item, 'name')))
  const kept = items
    .filter((item) => !isGone(item) && !(isJsonObject(item) && names.has(textAt(item, 'vlan_link'))))
    .map((item) => (isJsonObject(item) ? withoutMembers(item, ['bond_interfaces', 'bridge_interfaces'], names) : item))
  return { ...config, config: kept }
}

const fromV2 = (config: JsonObject, mac: string): JsonObject => {
  const ethernets = Object.entries(objectAt(config, 'ethernets'))
  const isGone = (device: Json): boolean => isJsonObject(device) && isMac(objectAt(device, 'match')['macaddress'], mac)
  const ids = new Set<string | undefined>(ethernets.filter(([, device]) => isGone(device)).map(([id]) => id))
  if (ids.size === 0) return config
  const kept = Object.entries(config).map(([section, devices]): [string, Json] => {
    if (!isJsonObject(devices)) return [section, devices]
    const left = Object.entries(devices).flatMap(([id, device]): [string, Json][] => {
      if (section === 'ethernets' && ids.has(id)) return []
      if (!isJsonObject(device)) return [[id, device]]
      if (section === 'vlans' && ids.has(textAt(device, 'link'))) return []
      return [[id, withoutMembers(device, ['interfaces'], ids)]]
    })
    return [section, Object.fromEntries(left)]
  })
  return Object.fromEntries(kept)
}

const withoutMembers = (
  device: JsonObject,
  keys: readonly string[],
  names: ReadonlySet<string | undefined>,
): JsonObject => {
  const kept = Object.entries(device).map(([key, value]): [string, Json] =>
    keys.includes(key) && Array.isArray(value)
      ? [key, value.filter((name) => typeof name !== 'string' || !names.has(name))]
      : [key, value],
  )
  return Object.fromEntries(kept)
}
