import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import type { Dns, Scalar } from './model.ts'

/** Reading the values of a network document: each function answers undefined when the key is missing or null. */

export const textField = (object: JsonObject, key: string): string | undefined => {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw new ConfigError(key, 'must be one value')
  return onOneLine(String(value), key)
}

export const scalarField = (object: JsonObject, key: string): Scalar | undefined => {
  const value = object[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw new ConfigError(key, 'must be one value')
  return typeof value === 'string' ? onOneLine(value, key) : value
}

/** A whole number, as number or text; kept as it was given. It may stand in a command line, so nothing else will do. */
export const numberField = (object: JsonObject, key: string): Scalar | undefined => {
  const value = scalarField(object, key)
  if (value === undefined || value === '') return undefined
  if (!/^\d+$/.test(String(value))) throw new ConfigError(key, `${JSON.stringify(value)} is not a whole number`)
  return value
}

/** A MAC address in any notation; only what can't be one is refused. */
export const macField = (object: JsonObject, key: string): string | undefined => {
  const value = textField(object, key)
  if (value === undefined || value === '') return undefined
  if (!/^[\w:.-]+$/.test(value)) throw new ConfigError(key, `${JSON.stringify(value)} is not a MAC address`)
  return value
}

/** A list of texts, or a text of several words. */
export const listField = (object: JsonObject, key: string): string[] => {
  const value = object[key]
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((word) => word !== '')
  return itemsOf(value, key)
}

export const itemsOf = (value: Json, key: string): string[] => {
  const items = Array.isArray(value) ? value : [value]
  return items.map((item) => {
    if (typeof item === 'object') throw new ConfigError(key, 'must be a list of texts')
    return onOneLine(String(item), key)
  })
}

export const objectsField = (object: JsonObject, key: string): JsonObject[] => {
  const value = object[key]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new ConfigError(key, 'must be a list')
  return value.map((item) => {
    if (!isJsonObject(item)) throw new ConfigError(key, 'must be a list of mappings')
    return item
  })
}

/** `true`, `yes`, `on`, `1` (in any case) are true; everything else is false. */
export const flagField = (object: JsonObject, key: string): boolean | undefined => {
  const value = object[key]
  return value === undefined || value === null ? undefined : isYes(value)
}

export const isYes = (value: Json): boolean =>
  value === true || value === 1 || ['true', '1', 'on', 'yes'].includes(String(value).toLowerCase())

export const dnsOf = (object: JsonObject, serversKey: string, searchKey: string): Dns => ({
  servers: listField(object, serversKey),
  search: listField(object, searchKey),
})

/** Nothing in a network document lies deeper. */
const deepest = 50

/**
 * Refuses line breaks and control characters anywhere in a document, and one that is nested without end.
 * @throws ConfigError with the path of the value
 */
export const checkText = (value: Json, path: string, depth = 0): void => {
  if (typeof value === 'string') onOneLine(value, path)
  if (typeof value !== 'object' || value === null) return
  if (depth > deepest) throw new ConfigError(path.slice(0, 100), 'is nested too deeply')
  for (const [key, item] of Object.entries(value)) {
    onOneLine(key, path)
    checkText(item, path === '' ? key : `${path}.${key}`, depth + 1)
  }
}

/** A line break in a value would be a line of its own in a configuration file. */
export const onOneLine = (text: string, key: string): string => {
  if (/\p{Cc}/u.test(text)) throw new ConfigError(key, 'must not hold line breaks or control characters')
  return text
}

/** Puts `prefix` before the key that an error names. */
export const within = <T>(prefix: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(`${prefix}.${error.key}`, error.message.slice(error.key.length + 2))
  }
}

/** Adds a key only when there is a value, for optional properties. */
export const optional = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: T })
