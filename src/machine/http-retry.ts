import { HttpFailure, HttpStatusError } from './errors.ts'
import type { HttpOutcome, HttpResponse } from './http.ts'
import { describeOutcome, outcomeOf, type RequestSource } from './http-outcome.ts'
import type { Machine } from './machine.ts'
import { longestOverloadSeconds, retryAfterSeconds } from './retry-after.ts'

/**
 * What to make of an outcome: `answer` hands the response over, `retry` uses a try, `stop` gives up at once. undefined
 * leaves it to the usual rule: statuses below 400 are an answer, 503 is waited for, anything else is tried again.
 */
export type RetryRule = (outcome: HttpOutcome) => 'answer' | 'retry' | 'stop' | undefined

export interface RetryOptions {
  /** n more tries after the first. Default 5. Infinity only together with `maxWaitSeconds`. */
  readonly retries?: number
  /** Wait after a failed try; or a function of that try's number (1, 2, ...). Default 1. */
  readonly secondsBetween?: number | ((tryNumber: number) => number)
  /** For one request, when it does not say so itself. Default 10. */
  readonly timeoutSeconds?: number
  /** For all tries and waits together: a request's timeout is cut to the time left, a wait that passes it is the end. */
  readonly maxWaitSeconds?: number
  /** Further statuses that are an answer at once: `[404]` for what need not be there. */
  readonly answers?: readonly number[]
  readonly rule?: RetryRule
}

/** Rule: only these statuses (and missing answers) are tried again; 503 as usual; every other status >= 400 is final. */
export const retryOnly =
  (statuses: readonly number[]): RetryRule =>
  (outcome) => {
    if (outcome instanceof HttpFailure || outcome.status < 400) return undefined
    if (statuses.includes(outcome.status)) return 'retry'
    return outcome.status === 503 ? undefined : 'stop'
  }

/** The rule of a request that is made once: what fails is final. */
export const neverRetry: RetryRule = (outcome) =>
  outcome instanceof HttpFailure || outcome.status >= 400 ? 'stop' : undefined

const verdictOf = (outcome: HttpOutcome, options: RetryOptions): 'answer' | 'retry' | 'stop' | 'overloaded' => {
  const own = options.rule?.(outcome)
  if (outcome instanceof HttpFailure) return own === 'stop' ? 'stop' : 'retry'
  if (own !== undefined) return own
  if (outcome.status < 400 || options.answers?.includes(outcome.status)) return 'answer'
  return outcome.status === 503 ? 'overloaded' : 'retry'
}

/**
 * The one retry policy: makes a request until it is answered.
 *
 * `retries: n` makes n + 1 tries, `secondsBetween` apart. A 503 is waited for as its Retry-After says (1 s without) and
 * uses up no try, unless the source's own rule decides. An answer's body is not judged, unless `rule` does.
 *
 * @returns The answer: a status below 400, or one of `answers`, or what `rule` called an answer.
 * @throws HttpFailure when the last try got no answer, HttpStatusError (with `.status`) when it got one
 *   that is no use.
 *
 * @example
 * // DigitalOcean: 31 tries, 2 s apart
 * const response = await requestWithRetries(machine, { url }, { retries: 30, secondsBetween: 2, timeoutSeconds: 2 })
 * const metadata = jsonObjectOf(response)
 * @example
 * // Optional: 404 is an answer. Azure: some statuses are tried again for 300 s, with a new id each time
 * const userData = await requestWithRetries(machine, { url }, { answers: [404] })
 * const imds = await requestWithRetries(machine, () => ({ url, headers: freshHeaders() }), {
 *   retries: Number.POSITIVE_INFINITY, maxWaitSeconds: 300, timeoutSeconds: 30, rule: retryOnly([404, 410, 429, 500]),
 * })
 */
export const requestWithRetries = async (
  machine: Machine,
  source: RequestSource,
  options: RetryOptions = {},
): Promise<HttpResponse> => {
  const { clock, log } = machine
  const { retries = 5, secondsBetween = 1, maxWaitSeconds = Number.POSITIVE_INFINITY } = options
  const start = clock.monotonic()
  const secondsLeft = (): number => maxWaitSeconds - (clock.monotonic() - start) / 1000
  let failedTries = 0
  let overloadSeconds = 0

  for (let tryNumber = 1; ; tryNumber += 1) {
    const request = typeof source === 'function' ? await source(tryNumber) : source
    const timeoutSeconds = Math.min(request.timeoutSeconds ?? options.timeoutSeconds ?? 10, secondsLeft())
    const outcome = await outcomeOf(machine, { ...request, timeoutSeconds: Math.max(timeoutSeconds, 0.001) })
    const verdict = verdictOf(outcome, options)
    if (verdict === 'answer' && !(outcome instanceof HttpFailure)) return outcome

    const failure = outcome instanceof HttpFailure ? outcome : new HttpStatusError(outcome.url, outcome.status)
    if (verdict === 'stop') throw failure
    let wait: number
    if (verdict === 'overloaded' && !(outcome instanceof HttpFailure)) {
      wait = retryAfterSeconds(outcome.headers['retry-after'], clock.now())
      overloadSeconds += Math.max(wait, 1)
      if (overloadSeconds > longestOverloadSeconds) throw failure
    } else {
      failedTries += 1
      if (failedTries > retries) throw failure
      wait = typeof secondsBetween === 'number' ? secondsBetween : secondsBetween(failedTries)
    }
    if (wait >= secondsLeft()) throw failure
    log.debug(`${describeOutcome(outcome)}; try ${tryNumber}, the next in ${wait} s`)
    await clock.sleep(wait * 1000)
  }
}

export { jsonObjectOf, jsonOf, textOf } from './http-body.ts'
export type { RequestSource } from './http-outcome.ts'
export { type FoundUrl, raceRequests, type WaitOptions, waitForUrl } from './http-wait.ts'
export { retryAfterSeconds } from './retry-after.ts'
