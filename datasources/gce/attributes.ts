import { DatasourceError } from '../../src/machine/errors.ts'
import type { HttpResponse } from '../../src/machine/http.ts'
import { textOf } from '../../src/machine/http-retry.ts'
import { isJsonObject, type JsonObject } from '../../src/machine/json.ts'

/** Attributes: what users put into the metadata of an instance or a project, as `name: text`. */
export type AttributeScope = 'instance' | 'project'

/**
 * The attributes in an answer; an empty body has none.
 * @throws DatasourceError when it is not a JSON mapping.
 */
export const readAttributes = (response: HttpResponse, scope: AttributeScope): JsonObject => {
  const text = textOf(response)
  const value = text === '' ? {} : parse(text, scope)
  if (isJsonObject(value)) return value
  throw new DatasourceError('GCE', `${scope}/attributes/: a JSON mapping is expected`)
}

const parse = (text: string, scope: AttributeScope): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new DatasourceError('GCE', `${scope}/attributes/: the answer (${text.length} characters) is not JSON`)
  }
}

/**
 * An attribute that is text.
 * @returns undefined when there is none.
 * @throws DatasourceError when it is something else.
 */
export const textAttribute = (attributes: JsonObject, scope: AttributeScope, name: string): string | undefined => {
  const value = attributes[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw new DatasourceError('GCE', `${scope}/attributes/${name}: text is expected, not a ${typeof value}`)
}
