import { contentEncoding } from '../../src/machine/content-encoding.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../../src/machine/json.ts'
import type { Log } from '../../src/machine/log.ts'

/** One usable entry of `write_files`. */
export interface FileEntry {
  /** What it is called in messages: `write_files[2] (/etc/motd)`. */
  readonly name: string
  readonly index: number
  readonly path: string
  /** undefined: nothing is said. null: what is said is no text. */
  readonly content: string | undefined | null
  readonly source: { readonly uri: string; readonly headers: Readonly<Record<string, string>> } | undefined
  readonly owner: string
  readonly mode: number
  readonly encoding: string
  readonly append: boolean
  readonly isDeferred: boolean
}

const defaultMode = 0o644
const largestMode = 0o7777

/**
 * YAML 1.1 has made a number of an unquoted `0644` already, with the right value; digits in quotes are octal. That is why
 * entries are read as they were written: a number that became text could no longer be told from digits in quotes.
 */
const modeOf = (value: Json | undefined): number | undefined => {
  if (value === undefined || value === null) return defaultMode
  const mode = typeof value === 'number' ? Math.trunc(value) : octal(value)
  return mode !== undefined && mode >= 0 && mode <= largestMode ? mode : undefined
}

const octal = (value: Json): number | undefined => {
  const digits = typeof value === 'string' ? /^(?:0o)?([0-7]+)$/i.exec(value.trim())?.[1] : undefined
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

const scalar = (value: Json | undefined): string | undefined => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value : undefined
}

const contentOf = (value: Json | undefined): FileEntry['content'] =>
  value === undefined || value === null ? undefined : (scalar(value) ?? null)

const isTrue = (value: Json | undefined): boolean =>
  value === true || (typeof value === 'string' && ['true', 'yes', 'on', '1'].includes(value.toLowerCase()))

const sourceOf = (value: Json | undefined): FileEntry['source'] => {
  const uri = isJsonObject(value) ? textAt(value, 'uri') : undefined
  if (!isJsonObject(value) || !uri) return undefined
  const headers = isJsonObject(value['headers']) ? value['headers'] : {}
  const texts = Object.entries(headers).flatMap(([name, text]) => {
    const header = scalar(text)
    return header === undefined ? [] : [[name, header] as const]
  })
  return { uri, headers: Object.fromEntries(texts) }
}

const readEntry = (entry: JsonObject, index: number, path: string, log: Log): FileEntry => {
  const name = `write_files[${index}] (${path})`
  const mode = modeOf(entry['permissions'])
  if (mode === undefined) {
    log.warning(
      `${name}: permissions ${JSON.stringify(entry['permissions'])} are no octal mode such as "0640"; using 0644`,
    )
  }
  const encoding = scalar(entry['encoding']) ?? 'text/plain'
  if (contentEncoding(encoding) === undefined) {
    log.warning(`${name}: encoding ${encoding} is not known; the content is taken as it is`)
  }
  return {
    name,
    index,
    path,
    encoding,
    content: contentOf(entry['content']),
    source: sourceOf(entry['source']),
    owner: scalar(entry['owner']) ?? 'root:root',
    mode: mode ?? defaultMode,
    append: isTrue(entry['append']),
    isDeferred: isTrue(entry['defer']),
  }
}

/** Reads the list as the user wrote it. What is no entry is left out, and the others go on. */
export const readEntries = (value: Json | undefined, log: Log): FileEntry[] => {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry, index) => {
    const path = isJsonObject(entry) ? scalar(entry['path']) : undefined
    if (isJsonObject(entry) && path) return [readEntry(entry, index, path, log)]
    // The schema's check has reported it.
    log.debug(`write_files[${index}]: there is no path, so nothing is written for it`)
    return []
  })
}
