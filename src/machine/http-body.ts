import { HttpStatusError } from './errors.ts'
import type { HttpResponse } from './http.ts'
import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** What can be said about a body without showing it: it may hold user-data. */
const described = (response: HttpResponse): string => {
  const type = response.headers['content-type']
  return `the answer (${response.body.length} bytes${type === undefined ? '' : `, ${type}`})`
}

/**
 * The body as text.
 * @throws HttpStatusError when it is not UTF-8.
 */
export const textOf = (response: HttpResponse): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(response.body)
  } catch {
    throw new HttpStatusError(response.url, response.status, `${described(response)} is not UTF-8 text`)
  }
}

/**
 * The body as JSON.
 * @throws HttpStatusError when it is not.
 */
export const jsonOf = (response: HttpResponse): Json => {
  const text = textOf(response)
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new HttpStatusError(response.url, response.status, `${described(response)} is not JSON, or is cut short`)
  }
}

/**
 * The body as a JSON mapping.
 * @throws HttpStatusError when it is not.
 */
export const jsonObjectOf = (response: HttpResponse): JsonObject => {
  const value = jsonOf(response)
  if (isJsonObject(value)) return value
  throw new HttpStatusError(response.url, response.status, `${described(response)} is JSON, but not a mapping`)
}
