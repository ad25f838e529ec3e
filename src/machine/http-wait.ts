import { HttpFailure } from './errors.ts'
import type { HttpOutcome, HttpRequest, HttpResponse } from './http.ts'
import { describeOutcome, outcomeOf, type RequestSource } from './http-outcome.ts'
import type { Machine } from './machine.ts'
import { longestOverloadSeconds, retryAfterSeconds } from './retry-after.ts'

export interface WaitOptions {
  /** For all rounds together; 0 or less: one round. */
  readonly maxWaitSeconds: number
  /** For one request, when it does not say so itself; cut to the time left. Default 10. */
  readonly timeoutSeconds?: number
  /** Between two rounds. Default: 1, and one more after every fifth round. */
  readonly sleepSeconds?: number
  /** `parallel`: a candidate does not wait for the one before, but starts 150 ms after it. Default `in-turn`. */
  readonly order?: 'in-turn' | 'parallel'
  /** Default: status below 400 and a body that is not empty. */
  readonly usable?: (response: HttpResponse) => boolean
  /** True ends the whole search without result: an outcome that no waiting will mend. */
  readonly final?: (outcome: HttpOutcome) => boolean
}

export interface FoundUrl {
  /** Which candidate it was. */
  readonly index: number
  readonly request: HttpRequest
  readonly response: HttpResponse
}

type RoundResult = FoundUrl | 'final' | undefined

interface RoundOptions {
  readonly staggerMilliseconds?: number
  readonly usable?: WaitOptions['usable']
  readonly final?: WaitOptions['final']
}

const isUsable = (response: HttpResponse): boolean => response.status < 400 && response.body.length > 0

const judge = (
  machine: Machine,
  { index, request, outcome }: { index: number; request: HttpRequest; outcome: HttpOutcome },
  options: RoundOptions,
): RoundResult => {
  if (!(outcome instanceof HttpFailure) && (options.usable ?? isUsable)(outcome)) {
    return { index, request, response: outcome }
  }
  const empty = !(outcome instanceof HttpFailure) && outcome.body.length === 0 ? ', empty' : ''
  machine.log.debug(`no use: ${describeOutcome(outcome)}${empty}`)
  return options.final?.(outcome) ? 'final' : undefined
}

/**
 * Makes requests in parallel, each started `staggerMilliseconds` (150) after the one before, or as soon as that has
 * failed; the first usable answer wins and ends the others. As in RFC 8305 ("Happy Eyeballs").
 *
 * @returns undefined when none is usable; 'final' when `final` said that no waiting will help.
 */
export const raceRequests = async (
  machine: Machine,
  sources: readonly RequestSource[],
  options: RoundOptions = {},
  tryNumber = 1,
): Promise<FoundUrl | 'final' | undefined> => {
  const stop = new AbortController()
  const waiting = [...sources.entries()]
  const running = new Map<number, Promise<{ index: number; request: HttpRequest; outcome: HttpOutcome }>>()
  let stagger: Promise<'next'> | undefined

  const start = async (index: number, source: RequestSource) => {
    const request = typeof source === 'function' ? await source(tryNumber) : source
    return { index, request, outcome: await outcomeOf(machine, { ...request, signal: stop.signal }) }
  }
  const startNext = (): void => {
    stagger = undefined
    const next = waiting.shift()
    if (!next) return
    running.set(next[0], start(...next))
    if (waiting.length === 0) return
    stagger = machine.clock.sleep(options.staggerMilliseconds ?? 150, stop.signal).then(() => 'next')
  }

  try {
    startNext()
    while (running.size > 0) {
      const event = await Promise.race([...running.values(), ...(stagger ? [stagger] : [])])
      if (event !== 'next') {
        running.delete(event.index)
        const result = judge(machine, event, options)
        if (result !== undefined) return result
      }
      startNext()
    }
    return undefined
  } finally {
    stop.abort()
    // The losers fail with `aborted`; nobody listens to them any more.
    for (const loser of running.values()) loser.catch(() => undefined)
  }
}

const inTurn = async (
  machine: Machine,
  sources: readonly RequestSource[],
  options: RoundOptions,
  tryNumber: number,
): Promise<RoundResult> => {
  for (const [index, source] of sources.entries()) {
    const request = typeof source === 'function' ? await source(tryNumber) : source
    const result = judge(machine, { index, request, outcome: await outcomeOf(machine, request) }, options)
    if (result !== undefined) return result
  }
  return undefined
}

/**
 * Waits until one of several addresses answers: rounds over all of them, one second apart (one more after every fifth
 * round), until the next sleep would pass `maxWaitSeconds`. Failures, statuses >= 400 and empty bodies are no answers.
 * Where there is to be one round only, a 503 is waited for all the same, as its Retry-After says.
 *
 * @returns The first usable answer and which candidate gave it; undefined when the time is over, or `final` ended it.
 *
 * @example
 * const found = await waitForUrl(machine, [{ url: `http://169.254.169.254${path}` }, { url: `http://[fd00:ec2::254]${path}` }], {
 *   maxWaitSeconds: 240, timeoutSeconds: 50, order: 'parallel',
 * })
 * if (!found) return undefined
 */
export const waitForUrl = async (
  machine: Machine,
  candidates: readonly RequestSource[],
  options: WaitOptions,
): Promise<FoundUrl | undefined> => {
  const { clock, log } = machine
  const { maxWaitSeconds, order = 'in-turn' } = options
  const start = clock.monotonic()
  const waited = (): number => (clock.monotonic() - start) / 1000

  /** A request's timeout is found out when it starts: an earlier one of the round may have used up time. */
  const limited = (source: RequestSource): RequestSource => {
    return async (tryNumber) => {
      const request = typeof source === 'function' ? await source(tryNumber) : source
      const own = request.timeoutSeconds ?? options.timeoutSeconds ?? 10
      const timeoutSeconds = maxWaitSeconds > 0 ? Math.max(Math.min(own, maxWaitSeconds - waited()), 0.001) : own
      return { ...request, timeoutSeconds }
    }
  }
  const sources = candidates.map(limited)
  const overloaded: HttpResponse[] = []
  let overloadSeconds = 0
  const watching: RoundOptions = {
    ...options,
    final: (outcome) => {
      if (!(outcome instanceof HttpFailure) && outcome.status === 503) overloaded.push(outcome)
      return options.final?.(outcome) ?? false
    },
  }

  for (let round = 0; ; round += 1) {
    const result =
      order === 'parallel'
        ? await raceRequests(machine, sources, watching, round + 1)
        : await inTurn(machine, sources, watching, round + 1)
    if (result === 'final') return undefined
    if (result !== undefined) return result
    // Whoever answers 503 is there, and will be able to answer: that is worth more than one round.
    const busy = overloaded.shift()
    overloaded.length = 0
    if (busy !== undefined && maxWaitSeconds <= 0) {
      const wait = retryAfterSeconds(busy.headers['retry-after'], clock.now())
      overloadSeconds += Math.max(wait, 1)
      if (overloadSeconds > longestOverloadSeconds) return undefined
      await clock.sleep(wait * 1000)
      continue
    }
    const sleep = options.sleepSeconds ?? Math.floor(round / 5) + 1
    if (maxWaitSeconds <= 0 || waited() + sleep > maxWaitSeconds) return undefined
    log.debug(`no answer yet after ${waited().toFixed(1)} s; next round in ${sleep} s`)
    await clock.sleep(sleep * 1000)
    // With no time left another round would only make requests that cannot be answered.
    if (waited() >= maxWaitSeconds) return undefined
  }
}
