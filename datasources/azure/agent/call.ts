import { HttpFailure } from '../../../src/machine/errors.ts'
import type { HttpRequest, HttpResponse } from '../../../src/machine/http.ts'
import { requestWithRetries } from '../../../src/machine/http-retry.ts'
import type { Machine } from '../../../src/machine/machine.ts'

const answers = [200, 201, 202]
const retried = [205, 206, 403, 429, 500, 501, 502, 503, 504, 507]
const throttled = [403, 429, 503]
const fewestTriesWhenThrottled = 25
/** A report that comes later than this helps nobody. */
const longestSeconds = 86_400

export interface CallOptions {
  /** Default 6. */
  readonly tries?: number
  /** What the growing delays are multiples of. Default 1. */
  readonly delaySeconds?: number
}

/**
 * A request as WALinuxAgent makes it: tried again after 2, 3, 5, 8, 13 ... times the delay when there is no answer or one of some
 * statuses; after one second, and at least 25 times, once the server has said that it is too much. Other statuses are final.
 * @throws HttpFailure, HttpStatusError
 */
export const call = (machine: Machine, request: HttpRequest, options: CallOptions = {}): Promise<HttpResponse> => {
  const { delaySeconds = 1 } = options
  let most = options.tries ?? 6
  let tries = 0
  let isThrottled = false
  return requestWithRetries(machine, request, {
    retries: Number.POSITIVE_INFINITY,
    maxWaitSeconds: longestSeconds,
    timeoutSeconds: 10,
    secondsBetween: (failed) => (isThrottled ? 1 : fibonacci(failed) * delaySeconds),
    rule: (outcome) => {
      tries += 1
      if (!(outcome instanceof HttpFailure)) {
        if (answers.includes(outcome.status)) return 'answer'
        if (!retried.includes(outcome.status)) return 'stop'
        if (throttled.includes(outcome.status)) {
          isThrottled = true
          most = Math.max(most, fewestTriesWhenThrottled)
        }
      }
      return tries >= most ? 'stop' : 'retry'
    },
  })
}

/** 2, 3, 5, 8 ... for 1, 2, 3, 4 ... */
const fibonacci = (index: number): number => {
  let [last, next] = [1, 2]
  for (let count = 1; count < index; count += 1) [last, next] = [next, last + next]
  return next
}
