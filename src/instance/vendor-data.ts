import { isJsonObject, type Json } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'

/**
 * Vendor data from a JSON document (OpenStack's vendor_data.json and the like): a text or a list is taken as it is, of a
 * mapping only what is under `cloud-init` counts, which is a text or a list again.
 * @param source what the document is called in the warning when its form is unusable
 */
export const vendorDataOf = (data: Json | undefined, source: string, log: Log): string | Json[] | undefined => {
  if (!isJsonObject(data)) return textOrList(data, source, log)
  const inner = data['cloud-init']
  if (!isJsonObject(inner)) return textOrList(inner, `${source}, key cloud-init`, log)
  if (Object.keys(inner).length > 0) {
    log.warning(`${source}: what is under cloud-init must be text or a list, not a mapping; it is ignored`)
  }
  return undefined
}

const textOrList = (data: Json | undefined, source: string, log: Log): string | Json[] | undefined => {
  if (data === undefined || data === null || data === '' || data === false || data === 0) return undefined
  if (typeof data === 'string') return data
  if (Array.isArray(data)) return data.length > 0 ? data : undefined
  log.warning(`${source}: vendor data must be text, a list or a mapping, not a ${typeof data}; it is ignored`)
  return undefined
}
