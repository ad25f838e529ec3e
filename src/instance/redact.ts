import { bytesOfText } from '../machine/bytes.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { binaryMark } from './binary-values.ts'
import { usualSensitiveKeys } from './sensitive-keys.ts'

/** What stands in the world-readable copy in place of a value that only root may read. */
export const redacted = 'redacted for non-root user'

/**
 * Instance data with its two lists: keys whose values are base64 (`base64_encoded_keys`) and keys that only root may read
 * (`sensitive_keys`), both as paths with slashes. Lists are not searched: a path can't lead into one.
 * @param sensitive names of keys, or whole paths, in any case
 */
export const withKeyLists = (data: JsonObject, sensitive: readonly string[] = usualSensitiveKeys): JsonObject => {
  const names = new Set(sensitive.map((name) => name.toLowerCase()))
  const base64: string[] = []
  const secret: string[] = []
  const walk = (mapping: JsonObject, prefix: string): JsonObject =>
    Object.fromEntries(
      Object.entries(mapping).map(([key, value]) => {
        const path = prefix === '' ? key : `${prefix}/${key}`
        if (names.has(key.toLowerCase()) || names.has(path.toLowerCase())) secret.push(path)
        if (isJsonObject(value)) return [key, walk(value, path)]
        const bytes = base64Of(value)
        if (bytes === undefined) return [key, value]
        base64.push(path)
        return [key, bytes]
      }),
    )
  const { base64_encoded_keys: _old, sensitive_keys: _oldSensitive, ...rest } = data
  const processed = walk(rest, '')
  return { ...processed, base64_encoded_keys: base64.sort(), sensitive_keys: secret.sort() }
}

const base64Of = (value: Json): string | undefined => {
  if (typeof value !== 'string') return undefined
  if (value.startsWith(binaryMark)) return value.slice(binaryMark.length)
  return value.isWellFormed() ? undefined : Buffer.from(bytesOfText(value)).toString('base64')
}

/** The copy that everybody may read: the values under `sensitive_keys` are replaced. */
export const redact = (data: JsonObject): JsonObject => {
  const paths = Array.isArray(data['sensitive_keys']) ? data['sensitive_keys'].map(String) : []
  return paths.reduce<JsonObject>((result, path) => withoutValue(result, path.split('/')), data)
}

const withoutValue = (mapping: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject => {
  const value = mapping[key]
  if (value === undefined) return mapping
  if (rest.length === 0) return { ...mapping, [key]: redacted }
  return isJsonObject(value) ? { ...mapping, [key]: withoutValue(value, rest) } : mapping
}
