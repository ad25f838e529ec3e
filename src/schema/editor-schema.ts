import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { cloudConfigSchema } from './cloud-config-schema.ts'

/** Keywords that only firstlight knows. */
const ownKeywords: ReadonlySet<string> = new Set([
  ...['accepted', 'hidden', 'label'],
  ...['deprecated_version', 'deprecated_description', 'changed', 'changed_version', 'changed_description'],
])
/** Keywords whose keys are names of the user's. */
const named: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'dependencies'])
/** Keywords that hold data, not schemas. */
const data: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'required'])

/** The schema of a whole cloud-config for editors: JSON schema draft 7, deprecations told in words that editors show. */
export const editorSchema = async (): Promise<JsonObject> => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'cloud-config',
  ...plainObject((await cloudConfigSchema()) as unknown as JsonObject),
})

const plain = (node: Json): Json => {
  if (Array.isArray(node)) return node.map(plain)
  return isJsonObject(node) ? plainObject(node) : node
}

const plainObject = (node: JsonObject): JsonObject => {
  const entries = Object.entries(node).filter(([key]) => !ownKeywords.has(key))
  const result = Object.fromEntries(
    entries.map(([key, value]): [string, Json] => {
      if (data.has(key)) return [key, value]
      if (!named.has(key) || !isJsonObject(value)) return [key, plain(value)]
      return [key, Object.fromEntries(Object.entries(value).map(([name, child]) => [name, plain(child)]))]
    }),
  )
  const message = deprecationOf(node)
  return message === undefined ? result : { ...result, deprecationMessage: message }
}

const deprecationOf = (node: JsonObject): string | undefined => {
  if (node['deprecated'] !== true && node['changed'] !== true) return undefined
  const since = node['deprecated_version'] ?? node['changed_version']
  const what = node['deprecated_description'] ?? node['changed_description'] ?? ''
  const begin = typeof since === 'string' ? `Deprecated since ${since}.` : 'Deprecated.'
  return `${begin} ${String(what)}`.trim()
}
