import { isJsonObject, type JsonObject } from '../machine/json.ts'

/** CloudCIX hands out network config as it is to be used. undefined when there is none. */
export const networkFromCloudcix = (metadata: JsonObject): JsonObject | undefined => {
  const network = metadata['network']
  return isJsonObject(network) ? network : undefined
}
