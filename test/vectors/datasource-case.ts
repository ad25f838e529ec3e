import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'

/** Reading a recorded case of the `datasource` family: README-datasources.md beside the vectors describes the fields. */

export const objectsAt = (object: JsonObject, key: string): JsonObject[] => {
  const value = object[key]
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

export const textsAt = (object: JsonObject, key: string): string[] => {
  const value = object[key]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The texts of a mapping; entries that are null are left out. */
export const textMapAt = (object: JsonObject, key: string): Record<string, string> => {
  const entries = Object.entries(objectAt(object, key))
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])))
}

/** A file as the vectors write it: text, or `{base64}`. */
export const contentOf = (value: Json): string | Uint8Array =>
  isJsonObject(value) ? Buffer.from(textAt(value, 'base64') ?? '', 'base64') : String(value ?? '')

/** `sys/class/x` and `/sys/class/x` are the same file. */
export const absolute = (path: string): string => `/${path.replace(/^\/+/, '')}`
