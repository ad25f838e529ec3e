import type { SchemaNode } from '../cloudconfig/schema-node.ts'
import type { Position } from '../cloudconfig/yaml.ts'
import { parseYamlWithPositions, YamlError } from '../cloudconfig/yaml.ts'
import { isJsonObject, type Json } from '../machine/json.ts'
import { checkValue, type Path } from './check.ts'

/** A problem as it is told: sorted, without repeats, with its line. */
export interface ReportedProblem {
  /** `users.1.shell` */
  readonly path: string
  readonly message: string
  readonly keyword: string
  readonly isDeprecated: boolean
  /** Counts from 1; undefined when it has none. */
  readonly line: number | undefined
}

/** The problems of a value, errors before deprecations. */
export const reportProblems = (value: Json, schema: SchemaNode, position?: Position): ReportedProblem[] => {
  const seen = new Set<string>()
  return checkValue(value, schema)
    .map(({ path, message, keyword, isDeprecated }): ReportedProblem => {
      const named = topLevelKey(path, keyword, message) ?? path
      return { path: named.join('.'), message, keyword, isDeprecated, line: position && lineOf(position, named) }
    })
    .sort(
      (left, right) =>
        Number(left.isDeprecated) - Number(right.isDeprecated) ||
        compareTexts(left.path, right.path) ||
        compareTexts(left.message, right.message),
    )
    .filter(({ path, message }) => {
      const key = `${path}\n${message}`
      return !seen.has(key) && seen.add(key)
    })
}

const compareTexts = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** One unknown key at the top is told at that key. */
const topLevelKey = (path: Path, keyword: string, message: string): Path | undefined => {
  if (path.length > 0 || keyword !== 'additionalProperties') return undefined
  const name = /\('([^']*)' was unexpected\)$/.exec(message)?.[1]
  return name === undefined ? undefined : [name]
}

/** Line of the key or item at `path`, or of the nearest thing around it. */
export const lineOf = (position: Position, path: Path): number | undefined => {
  let line: number | undefined
  let current: Position | undefined = position
  for (const step of path) {
    if (typeof step === 'number') {
      current = current?.items?.[step]
      line = current?.line ?? line
    } else {
      const entry: { readonly key: Position; readonly value: Position } | undefined = current?.keys?.get(step)
      line = entry?.key.line ?? line
      current = entry?.value
    }
  }
  return line
}

/** Line of every key and item, by dotted path. */
export const allLines = (position: Position, prefix = ''): Map<string, number> => {
  const lines = new Map<string, number>()
  const below = (name: string): string => (prefix === '' ? name : `${prefix}.${name}`)
  for (const [name, { key, value }] of position.keys ?? []) {
    lines.set(below(name), key.line)
    for (const [path, line] of allLines(value, below(name))) lines.set(path, line)
  }
  for (const [index, item] of (position.items ?? []).entries()) {
    lines.set(below(String(index)), item.line)
    for (const [path, line] of allLines(item, below(String(index)))) lines.set(path, line)
  }
  return lines
}

export type TextVerdict =
  | { readonly kind: 'problems'; readonly value: Json; readonly problems: readonly ReportedProblem[] }
  | { readonly kind: 'not-yaml'; readonly error: YamlError }
  /** Nothing, or something else than a mapping. */
  | { readonly kind: 'no-mapping'; readonly value: Json }

/** Checks a YAML text against the schema that is for it. */
export const checkText = (text: string, source: string, schemaFor: (value: Json) => SchemaNode): TextVerdict => {
  try {
    const { value, position } = parseYamlWithPositions(text, source)
    if (!isJsonObject(value)) return { kind: 'no-mapping', value }
    return { kind: 'problems', value, problems: reportProblems(value, schemaFor(value), position) }
  } catch (error) {
    if (error instanceof YamlError) return { kind: 'not-yaml', error }
    throw error
  }
}
