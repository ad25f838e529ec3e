import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject } from '../../src/machine/json.ts'

/** Feeds one recorded case to the real code; returns how the outcome differs, nothing when it does not. */
export type VectorRunner = (vector: JsonObject, file: string) => Promise<string[]>

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

/** One line per leaf in which `actual` differs from `expected`; the order of mapping keys does not matter. */
export const differences = (expected: Json | undefined, actual: Json | undefined, path = ''): string[] => {
  if (isDeepStrictEqual(expected, actual)) return []
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
  if (isObject(expected) && isObject(actual) && Array.isArray(expected) === Array.isArray(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...keys].flatMap((key) => {
      const [left, right] = [expected as JsonObject, actual as JsonObject]
      return differences(left[key], right[key], path === '' ? key : `${path}.${key}`)
    })
  }
  return [`${path || 'value'}: expected ${show(expected)}, got ${show(actual)}`]
}
