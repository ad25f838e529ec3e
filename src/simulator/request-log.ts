/** A request that a simulated service answered, or was asked and did not. Times are milliseconds on one clock. */
export interface RequestRecord {
  readonly method: string
  /** With the query. */
  readonly url: string
  /** Names in lower case. Kept so that a test can see what was sent. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number | undefined
  readonly start: number
  /** When the answer was complete or the client hung up; undefined while it is under way. */
  readonly end: number | undefined
}

/**
 * The longest chain of requests that waited for each other: each began when the one before had ended. This, times the
 * time of one answer, is what metadata costs a boot; requests side by side cost nothing more.
 */
export const longestChain = (requests: readonly RequestRecord[]): number => {
  const ordered = requests
    .map(({ start, end }) => ({ start, end: end ?? Number.POSITIVE_INFINITY }))
    .sort((left, right) => left.start - right.start)
  const lengths: number[] = []
  for (const [index, request] of ordered.entries()) {
    const before = ordered.slice(0, index).map((earlier, at) => (earlier.end <= request.start ? (lengths[at] ?? 0) : 0))
    lengths.push(1 + Math.max(0, ...before))
  }
  return Math.max(0, ...lengths)
}
