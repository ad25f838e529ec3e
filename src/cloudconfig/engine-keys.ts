import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import { builtInConfig } from './defaults.ts'

/** Keys that the engine itself reads, and what they must be. No module's schema looks at them. */
const shapes: readonly (readonly [path: readonly string[], shape: 'list' | 'mapping'])[] = [
  [['datasource_list'], 'list'],
  [['cloud_init_modules'], 'list'],
  [['cloud_config_modules'], 'list'],
  [['cloud_final_modules'], 'list'],
  [['datasource'], 'mapping'],
  [['system_info'], 'mapping'],
  [['system_info', 'default_user'], 'mapping'],
  [['system_info', 'paths'], 'mapping'],
]

/**
 * A layer of configuration without those of the engine's keys that are of the wrong type: each is reported, and what a
 * layer below says of it holds. Without this a slip in one drop-in would take the default user or all modules away.
 * @param source for messages: path of the file
 */
export const withUsableKeys = (config: JsonObject, source: string, log: Log): JsonObject => {
  let usable = config
  for (const [path, shape] of shapes) {
    const value = valueAt(usable, path)
    if (value === undefined || value === null || isOf(shape, value)) continue
    log.error(`${source}: ${path.join('.')} must be a ${shape}; it is left out`)
    usable = without(usable, path)
  }
  for (const name of unknownDatasources(usable['datasource_list'])) {
    log.warning(`${source}: datasource_list: there is no datasource ${JSON.stringify(name)}`)
  }
  return usable
}

const isOf = (shape: 'list' | 'mapping', value: Json): boolean =>
  shape === 'list' ? Array.isArray(value) : isJsonObject(value)

const valueAt = (config: JsonObject, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((value, key) => (isJsonObject(value) ? value[key] : undefined), config)

const without = (config: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject => {
  const { [key]: value, ...others } = config
  return rest.length > 0 && isJsonObject(value) ? { ...others, [key]: without(value, rest) } : others
}

const items = (list: Json | undefined): Json[] => (Array.isArray(list) ? list : [])
const folded = (name: Json): string => String(name).toLowerCase()

/** Every datasource that cloud-init knows is in its default list. `NoCloud-Net` is an old name. */
const knownDatasources = new Set(['nocloud-net', ...items(builtInConfig['datasource_list']).map(folded)])

const unknownDatasources = (list: Json | undefined): Json[] =>
  items(list).filter((name) => !knownDatasources.has(folded(name)))
