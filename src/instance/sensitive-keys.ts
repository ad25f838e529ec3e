import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'

/** Names of keys whose values only root may read, at any depth and in any case; those with a slash are whole paths. */
export const usualSensitiveKeys: readonly string[] = [
  'combined_cloud_config',
  'merged_cfg',
  'merged_system_cfg',
  'security-credentials',
  'userdata',
  'user-data',
  'user_data',
  'vendordata',
  'vendor-data',
  'ds/vendor_data',
]

/**
 * Paths in instance-data (`ds/meta_data/user-data`) that are kept out of the world-readable copy, sorted.
 * @param own what the datasource adds: names of keys, or whole paths
 */
export const sensitivePaths = (instanceData: JsonObject, own: readonly string[] = []): string[] => {
  const names = new Set([...usualSensitiveKeys, ...own].map((name) => name.toLowerCase()))
  const found: string[] = []
  const walk = (value: Json, path: string): void => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, `${path}/${index}`)
      return
    }
    if (!isJsonObject(value)) return
    for (const [key, item] of Object.entries(value)) {
      const itemPath = path === '' ? key : `${path}/${key}`
      if (names.has(key.toLowerCase()) || names.has(itemPath.toLowerCase())) found.push(itemPath)
      walk(item, itemPath)
    }
  }
  walk(instanceData, '')
  return found.sort()
}
