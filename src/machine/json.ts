/** A value as JSON can say it: what YAML, JSON and metadata become once read. */
export type Json = null | boolean | number | string | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** True for a mapping (not null, not a list). */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The mapping under `key`, or an empty one when it is missing or something else. */
export const objectAt = (object: JsonObject, key: string): JsonObject => {
  const value = object[key]
  return isJsonObject(value) ? value : {}
}

/** The text under `key`, or undefined when it is missing or something else. */
export const textAt = (object: JsonObject, key: string): string | undefined => {
  const value = object[key]
  return typeof value === 'string' ? value : undefined
}

/**
 * Reads JSON; an integer too large to be exact becomes its digits as text, so that no digit of an id is lost.
 * @throws SyntaxError
 */
export const parseJson = (text: string): Json => {
  if (!/[0-9]{16}|-0/.test(text)) return JSON.parse(text)
  const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/g, (token) =>
    /^-?[0-9]{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token.replace(/^-0$/, '0'),
  )
  return JSON.parse(exact)
}
