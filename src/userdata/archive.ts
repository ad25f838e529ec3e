import { parseYaml, type YamlLimits } from '../cloudconfig/yaml.ts'
import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { contentTypes, typeByBeginning } from './part.ts'

/** An entry of a `#cloud-config-archive`. */
export interface ArchiveEntry {
  readonly contentType: string
  readonly filename?: string
  readonly payload: string
  readonly headers: Readonly<Record<string, string>>
}

/** @throws ConfigError, YamlError when it is no list */
export const readArchive = (text: string, name: string, limits: YamlLimits): ArchiveEntry[] => {
  const value = parseYaml(text, name, limits)
  if (value === null) return []
  if (!Array.isArray(value)) throw new ConfigError(name, 'a cloud-config-archive must be a list')
  return value.flatMap((entry) => {
    if (typeof entry === 'string') return [readEntry({ content: entry })]
    return isJsonObject(entry) ? [readEntry(entry)] : []
  })
}

const readEntry = (entry: JsonObject): ArchiveEntry => {
  const payload = asText(entry['content'])
  const isBinary = !payload.isWellFormed()
  const fallback = isBinary ? 'application/octet-stream' : contentTypes.cloudConfig
  const contentType = asText(entry['type']).toLowerCase() || (typeByBeginning(payload) ?? fallback)
  const filename = asText(entry['filename'])
  return { contentType, payload, headers: readHeaders(entry), ...(filename !== '' && { filename }) }
}

const notHeaders: ReadonlySet<string> = new Set(['content', 'type', 'filename', 'content-type', 'content-disposition'])

const readHeaders = (entry: JsonObject): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const [key, value] of Object.entries(entry)) {
    if (notHeaders.has(key.toLowerCase())) continue
    headers[key.toLowerCase() === 'launch-index' ? 'Launch-Index' : key] = asText(value)
  }
  return headers
}

const asText = (value: Json | undefined): string => {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
