import { dump } from 'js-yaml'
import { bytesOfText } from '../machine/bytes.ts'
import type { Json } from '../machine/json.ts'
import { Construction, type Position, type YamlLimits } from './yaml-construction.ts'

export type { Position, YamlLimits } from './yaml-construction.ts'
export { YamlError } from './yaml-error.ts'

export const defaultYamlLimits: YamlLimits = { maxDepth: 100, maxAliasExpansion: 16 * 1024 * 1024 }

/**
 * Reads one YAML document as PyYAML's safe_load does (YAML 1.1). Keys that are not text become text as in JSON (`1`,
 * `true`, `null`), dates stay text, integers beyond 2^53 become their digits as text, `!!binary` becomes text (see
 * machine/bytes.ts), a key `__proto__` is dropped. Nothing but comments reads as null. Values shared by aliases are the
 * same object: treat what comes out as read-only.
 * @param source what the text is called in errors: a file, `user-data`
 * @throws YamlError
 */
export const parseYaml = (text: string, source: string, limits: YamlLimits = defaultYamlLimits): Json =>
  new Construction(text, source, limits, false).document().value

/** As parseYaml, with the position of every key and item. Costs twice the time; for `why`, `schema`, error lines. */
export const parseYamlWithPositions = (
  text: string,
  source: string,
  limits: YamlLimits = defaultYamlLimits,
): { readonly value: Json; readonly position: Position } => {
  const { value, position } = new Construction(text, source, limits, true).document()
  return { value, position: position ?? { line: 1, column: 1 } }
}

/** YAML for a value, readable by YAML 1.1 and 1.2 readers alike. Ends with a newline. */
export const dumpYaml = (value: Json): string => dump(withBinary(value), { noRefs: true, lineWidth: -1 })

/** Text that holds bytes (machine/bytes.ts) is written as `!!binary`. */
const withBinary = (value: Json): unknown => {
  if (typeof value === 'string') return value.isWellFormed() ? value : bytesOfText(value)
  if (Array.isArray(value)) return value.map(withBinary)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBinary(item)]))
}
