import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../machine/json.ts'

/** What jinja takes for an operator can't stand in a name: `local-hostname` would be a subtraction. */
const operators = /\*\*|\/\/|==|!=|>=|<=|[-+*/%~[\](){}><=.:|,;]/g

/** The name by which a template reaches a key with operators in it; undefined when the key is a name itself. */
export const aliasOf = (key: string): string | undefined => {
  const alias = key.replace(operators, '_')
  return alias === key ? undefined : alias
}

export interface VariableOptions {
  /** Also `local_hostname` for `local-hostname`, at every level. */
  readonly aliases: boolean
  /** Paths such as `ds/meta_data/blob` whose values are base64. */
  readonly base64Paths?: readonly string[]
}

/**
 * Instance data as templates and `query` see it: keys sorted, those of `v1` (and later versions) also at the top, values
 * that are kept in base64 decoded.
 */
export const toVariables = (data: JsonObject, { aliases, base64Paths = [] }: VariableOptions): JsonObject => {
  const encoded = new Set(base64Paths.map(dashless))
  const convert = (mapping: JsonObject, prefix: string): JsonObject => {
    const result: JsonObject = {}
    for (const key of Object.keys(mapping).sort()) {
      if (key === '__proto__') continue
      const path = prefix === '' ? key : `${prefix}/${key}`
      const value = mapping[key] ?? null
      result[key] = isJsonObject(value) ? convert(value, path) : encoded.has(dashless(path)) ? decoded(value) : value
      const versioned = result[key]
      if (/^v[0-9]+$/.test(key) && isJsonObject(versioned)) Object.assign(result, versioned)
      const alias = aliases ? aliasOf(key) : undefined
      if (alias !== undefined) result[alias] = result[key] ?? null
    }
    return result
  }
  return convert(data, '')
}

const dashless = (path: string): string => path.replaceAll('-', '_')

const decoded = (value: Json): Json =>
  typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value

/** Variables for templates from the text of instance-data.json. @throws ConfigError when it is no mapping. */
export const variablesOf = (text: string): JsonObject => {
  const data = readInstanceData(text, 'instance data')
  const paths = data['base64-encoded-keys']
  return toVariables(data, { aliases: true, base64Paths: Array.isArray(paths) ? paths.map(String) : [] })
}

/** @throws ConfigError when the text is not JSON, or no mapping. */
export const readInstanceData = (text: string, source: string): JsonObject => {
  const data = parsed(text, source)
  if (isJsonObject(data)) return data
  throw new ConfigError(source, 'is not a JSON mapping')
}

const parsed = (text: string, source: string): Json => {
  try {
    return parseJson(text)
  } catch {
    throw new ConfigError(source, 'is not JSON')
  }
}
