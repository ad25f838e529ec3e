import { compareText } from '../model.ts'

/** Lines `KEY=value` for a shell to read. */
export type KeyValues = Map<string, string>

export const writeKeyValues = (values: KeyValues): string =>
  [...values]
    .sort(([left], [right]) => compareText(left, right))
    .map(([key, value]) => `${key}=${quoted(value)}\n`)
    .join('')

/** In double quotes where a shell would split it or read more into it. */
const quoted = (value: string): string =>
  /^[\w.,:/=+@%-]*$/.test(value) ? value : `"${value.replaceAll(/["\\$`]/g, '\\$&')}"`
