import { HttpFailure, messageOf } from './errors.ts'
import type { HttpOutcome, HttpRequest } from './http.ts'
import type { Machine } from './machine.ts'
import { shownUrl } from './shown-url.ts'

/** A request, or what makes one for each try (1, 2, ...): for headers that change, such as tokens and nonces. */
export type RequestSource = HttpRequest | ((tryNumber: number) => HttpRequest | Promise<HttpRequest>)

/** The outcome of one request: an answer, or the HttpFailure that says why there is none. */
export const outcomeOf = async (machine: Machine, request: HttpRequest): Promise<HttpOutcome> => {
  try {
    return await machine.http.request(request)
  } catch (error) {
    if (error instanceof HttpFailure) return error
    throw error
  }
}

export const describeOutcome = (outcome: HttpOutcome): string =>
  outcome instanceof HttpFailure ? messageOf(outcome) : `${shownUrl(outcome.url)}: status ${outcome.status}`
