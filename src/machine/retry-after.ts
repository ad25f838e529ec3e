import { parseTime } from './time.ts'

/** A single Retry-After is not waited for longer than this. */
const longestRetryAfterSeconds = 120
/** Nor do all 503s of a request together hold up a boot for longer. */
export const longestOverloadSeconds = 600

/** Seconds by a Retry-After header (seconds or a date), 1 when there is none or it is nonsense. RFC 9110, 10.2.3. */
export const retryAfterSeconds = (header: string | undefined, now: number): number => {
  if (header === undefined) return 1
  const text = header.trim()
  // A date has a time of day in it; the parser takes far less for one.
  const date = text.includes(':') ? parseTime(text) : undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text), longestRetryAfterSeconds)
  return date === undefined ? 1 : Math.min(Math.max((date - now) / 1000, 0), longestRetryAfterSeconds)
}
