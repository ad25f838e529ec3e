import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'

/**
 * Mark of a text in metadata that stands for bytes: what follows is their base64. instance-data.json lists such keys in
 * `base64_encoded_keys` and shows them without the mark.
 */
export const binaryMark = 'ci-b64:'

/** Bytes as a value in metadata. */
export const binaryValue = (bytes: Uint8Array): string => `${binaryMark}${Buffer.from(bytes).toString('base64')}`

/** A document as instance-data.json shows it: without the marks, and with a list of the paths that had one, sorted. */
export const withoutBinaryMarks = (document: JsonObject): { document: JsonObject; base64EncodedKeys: string[] } => {
  const paths: string[] = []
  const plain = (value: Json, path: string): Json => {
    if (typeof value === 'string' && value.startsWith(binaryMark)) {
      paths.push(path)
      return value.slice(binaryMark.length)
    }
    if (Array.isArray(value)) return value.map((item, index) => plain(item, `${path}/${index}`))
    return isJsonObject(value) ? plainObject(value, `${path}/`) : value
  }
  const plainObject = (object: JsonObject, prefix: string): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, plain(value, `${prefix}${key}`)]))
  return { document: plainObject(document, ''), base64EncodedKeys: paths.sort() }
}
