import { createHash } from 'node:crypto'
import { ConfigError, messageOf } from '../machine/errors.ts'
import { requestWithRetries } from '../machine/http-retry.ts'
import type { Machine } from '../machine/machine.ts'
import type { UserDataLimits } from './limits.ts'

/** A line of an `#include`: an address, and whether its answer is kept for later boots. */
export interface IncludeLine {
  readonly url: string
  readonly once: boolean
}

/** The addresses of an include list. `#include-once` and `#include` lines switch keeping on and off. */
export const includeLines = (text: string): IncludeLine[] => {
  const found: IncludeLine[] = []
  let once = false
  for (const line of text.split(/\r\n|\r|\n/)) {
    const header = /^#include(-once)?/i.exec(line)
    if (header !== null) once = header[1] !== undefined
    const rest = header === null ? line : line.slice(header[0].length).trimStart()
    const url = rest.trim()
    if (!url.startsWith('#') && url !== '') found.push({ url, once })
  }
  return found
}

/** Keeps count of the time that all includes of one user-data may take together. */
export interface IncludeBudget {
  secondsLeft: number
}

/**
 * Fetches what a line names: `http:`, `https:`, `file:` or an absolute path; a word without a scheme is taken for HTTP.
 * The answer to a `once` line is kept in `cacheFolder` and not asked for again.
 * @throws ConfigError when it can't be had
 */
export const fetchInclude = async (
  machine: Machine,
  { url, once }: IncludeLine,
  cacheFolder: string,
  limits: UserDataLimits,
  budget: IncludeBudget,
): Promise<Uint8Array> => {
  const cached = `${cacheFolder}/${createHash('md5').update(url).digest('hex')}`
  const kept = once ? machine.files.readBytesIfExists(cached) : undefined
  if (kept) return kept
  const bytes = await read(machine, url, limits, budget)
  if (once) machine.files.write(cached, bytes, { mode: 0o600 })
  return bytes
}

const read = async (
  machine: Machine,
  url: string,
  limits: UserDataLimits,
  budget: IncludeBudget,
): Promise<Uint8Array> => {
  try {
    const path = /^(?:file:\/\/)?(\/.*)$/i.exec(url)?.[1]
    if (path !== undefined) return machine.files.readBytes(path)
    return await request(machine, /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`, limits, budget)
  } catch (error) {
    throw new ConfigError(
      `#include ${withoutSecrets(url)}`,
      `cannot be fetched: ${messageOf(error).replaceAll(url, 'it')}`,
    )
  }
}

/** Ten more tries after the first, a second apart, as cloud-init does: a server may come up after this machine. */
const request = async (
  machine: Machine,
  url: string,
  limits: UserDataLimits,
  budget: IncludeBudget,
): Promise<Uint8Array> => {
  if (!/^https?:/i.test(url)) throw new ConfigError('#include', 'only http, https and file addresses can be included')
  const maxWaitSeconds = Math.min(limits.maxIncludeSeconds, budget.secondsLeft)
  if (maxWaitSeconds <= 0) {
    throw new ConfigError(
      '#include',
      `all includes together took more than ${limits.maxAllIncludesSeconds} s (input_limits.all_includes_seconds)`,
    )
  }
  const started = machine.clock.monotonic()
  try {
    const options = { retries: 10, secondsBetween: 1, timeoutSeconds: 5, maxWaitSeconds }
    const { body } = await requestWithRetries(machine, { url, limitBytes: limits.maxUnpackedBytes }, options)
    return body
  } finally {
    budget.secondsLeft -= (machine.clock.monotonic() - started) / 1000
  }
}

/** Addresses may carry a token: what is after `?` or before `@` is not for a log. */
const withoutSecrets = (url: string): string => url.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/s, '?...')
