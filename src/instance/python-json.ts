import type { Json } from '../machine/json.ts'

/**
 * JSON as cloud-init writes it: one blank of indent, sorted keys, nothing but ASCII. Scripts compare such texts.
 * Without a line end.
 */
export const pythonJson = (value: Json): string =>
  JSON.stringify(sorted(value), null, 1).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  )
}
