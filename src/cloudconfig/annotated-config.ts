import { isJsonObject, type Json } from '../machine/json.ts'
import type { KeyPath } from './key-path.ts'
import { childOf, type Trace, type Traced } from './origins.ts'
import { dumpYaml } from './yaml.ts'

/** A line of YAML, and where what stands on it comes from. */
export interface AnnotatedLine {
  readonly text: string
  readonly trace: Trace
}

/** Every key and item in a value, with its path. */
export const annotatedEntries = (traced: Traced, path: KeyPath = []): { path: KeyPath; entry: Traced }[] => {
  const { value } = traced
  const steps = Array.isArray(value) ? [...value.keys()] : isJsonObject(value) ? Object.keys(value) : []
  return steps.flatMap((step) => {
    const entry = childOf(traced, step)
    if (!entry) return []
    const inner = [...path, step]
    return [{ path: inner, entry }, ...annotatedEntries(entry, inner)]
  })
}

/** A configuration as YAML, each key and item on a line of its own. */
export const annotatedLines = (traced: Traced, indent = ''): AnnotatedLine[] => {
  const { value } = traced
  if (Array.isArray(value)) return value.flatMap((_item, at) => entryLines(traced, at, indent, '-'))
  if (!isJsonObject(value)) return [line(traced, `${indent}${scalar(value)}`)]
  return Object.keys(value).flatMap((key) => entryLines(traced, key, indent, `${scalar(key)}:`))
}

const line = ({ trace }: Traced, text: string): AnnotatedLine => ({ text, trace })

const entryLines = (parent: Traced, step: string | number, indent: string, lead: string): AnnotatedLine[] => {
  const child = childOf(parent, step)
  if (!child) return []
  const { value } = child
  const isEmpty = Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0
  if (typeof value !== 'object' || value === null || isEmpty) return [line(child, `${indent}${lead} ${scalar(value)}`)]
  const inner = annotatedLines(child, `${indent}  `)
  const [first, ...rest] = inner
  // A mapping or list in a list begins on the line of its dash.
  if (typeof step === 'number' && first) {
    return [{ ...first, text: `${indent}- ${first.text.slice(indent.length + 2)}` }, ...rest]
  }
  return [line(child, `${indent}${lead}`), ...inner]
}

/** A value on one line. */
const scalar = (value: Json): string => {
  if (typeof value === 'string' && /[\n\r\t]|\p{Cc}/u.test(value) && value.isWellFormed()) return JSON.stringify(value)
  return dumpYaml(value).replace(/\n$/, '')
}
