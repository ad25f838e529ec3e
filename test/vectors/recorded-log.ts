import type { Json, JsonObject } from '../../src/machine/json.ts'
import type { Log } from '../../src/machine/log.ts'

/** A log that keeps what is at WARNING and above, and deprecations: what the records of cloud-init hold. */
export const recordingLog = (): Log & { readonly records: { level: string; message: string }[] } => {
  const records: { level: string; message: string }[] = []
  const record = (level: string) => (message: string) => {
    records.push({ level, message })
  }
  const ignore = (): void => {}
  return {
    records,
    debug: ignore,
    info: ignore,
    deprecated: record('DEPRECATED'),
    warning: record('WARNING'),
    error: record('ERROR'),
    announce: ignore,
    hideSecret: ignore,
  }
}

export const listAt = (object: JsonObject, key: string): Json[] => {
  const value = object[key]
  return Array.isArray(value) ? value : []
}
