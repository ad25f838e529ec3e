import { isJsonObject, type Json } from '../machine/json.ts'

const texts = (list: readonly Json[]): string[] => list.filter((item) => typeof item === 'string')

/** Lines of a text; a newline at its end does not begin another one. */
export const keyLines = (text: string): string[] => {
  const all = text.split(/\r\n|[\r\n\v\f\x85\u2028\u2029]/)
  if (all.at(-1) === '') all.pop()
  return all
}

/**
 * SSH keys in any form in which a cloud hands them out, as a list of lines: a text has one a line, a list is taken as it
 * is, of a mapping (name -> key or keys) all values count. What is not text is left out.
 */
export const publicKeysOf = (data: Json | undefined): string[] => {
  if (typeof data === 'string') return keyLines(data)
  if (Array.isArray(data)) return texts(data)
  if (!isJsonObject(data)) return []
  return Object.values(data)
    .flatMap((value) => (Array.isArray(value) ? texts(value) : typeof value === 'string' ? [value] : []))
    .filter((key) => key !== '')
}
