import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { ConfigModule } from './module.ts'

/** The top-level keys of the configuration that a module reads. */
export const acceptConfig = async (module: ConfigModule, config: JsonObject, _log: Log): Promise<JsonObject> => {
  const { schema } = module
  const keys = isJsonObject(schema) && isJsonObject(schema['properties']) ? Object.keys(schema['properties']) : []
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = config[key]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}
