/** Times as text. The clock itself is machine.clock. */

/** Milliseconds since 1970 for an RFC 3339 or RFC 2822 text; undefined when it is neither. */
export const parseTime = (text: string): number | undefined => {
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** `2025-01-01T12:00:00.000Z` */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** `Mon, 25 Nov 2024 15:16:40 +0000` (RFC 2822) */
export const httpTime = (milliseconds: number): string => new Date(milliseconds).toUTCString().replace('GMT', '+0000')
