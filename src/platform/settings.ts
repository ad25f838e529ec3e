import type { Json, JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'

/** Reading a datasource's settings (`datasource.<id>.*`): what is unusable is reported, and the default holds. */
export interface Settings {
  text(key: string, fallback: string): string
  /** Also a number written as text. Never less than `least` (default 0). */
  number(key: string, fallback: number, least?: number): number
  /** Also `yes`, `on`, `1` and their opposites as text. */
  boolean(key: string, fallback: boolean): boolean
  /** A list of URLs (or one), without final slashes. */
  urls(key: string, fallback: readonly string[]): readonly string[]
}

const truths: Readonly<Record<string, boolean>> = {
  '1': true,
  on: true,
  yes: true,
  true: true,
  '0': false,
  off: false,
  no: false,
  false: false,
}

/** @param id the datasource's, for what is reported */
export const readSettings = (id: string, settings: JsonObject, log: Log): Settings => {
  const read = <T>(key: string, fallback: T, convert: (value: Json) => T | undefined, wanted: string): T => {
    const value = settings[key]
    if (value === undefined || value === null) return fallback
    const converted = convert(value)
    if (converted !== undefined) return converted
    log.warning(`datasource.${id}.${key}: ${wanted} is expected; ${String(fallback)} is used`)
    return fallback
  }
  return {
    text: (key, fallback) => read(key, fallback, (value) => (typeof value === 'string' ? value : undefined), 'text'),
    number: (key, fallback, least = 0) =>
      read(
        key,
        fallback,
        (value) => {
          const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
          return typeof number === 'number' && Number.isFinite(number) ? Math.max(number, least) : undefined
        },
        'a number',
      ),
    urls: (key, fallback) => read(key, fallback, urlsOf, 'a list of URLs'),
    boolean: (key, fallback) => read(key, fallback, (value) => truths[String(value).toLowerCase()], 'true or false'),
  }
}

const urlsOf = (value: Json): readonly string[] | undefined => {
  const urls = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string' && item !== '')
  return urls.length > 0 ? urls.map((url) => String(url).replace(/\/+$/, '')) : undefined
}
