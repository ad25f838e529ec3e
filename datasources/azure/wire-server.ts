import { HttpFailure, HttpStatusError } from '../../src/machine/errors.ts'
import type { HttpOutcome, HttpRequest, HttpResponse } from '../../src/machine/http.ts'
import { requestWithRetries, retryAfterSeconds } from '../../src/machine/http-retry.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type GoalState, readGoalState } from './goal-state.ts'
import { healthReport } from './health.ts'

/** The fabric's end of the conversation: tells what it wants of the machine, is told how provisioning went. */
export interface WireServer {
  /**
   * Makes the first try for the goal state now, so that it is there when the rest has been read. Never throws. Used up by the
   * next `goalState`.
   */
  askAhead(): void
  /** @throws HttpFailure, HttpStatusError, XmlError, DatasourceError */
  goalState(): Promise<GoalState>
  /** The certificates document, encrypted for the holder of `certificate` (base64 of its DER form). */
  certificates(url: string, certificate: string): Promise<Uint8Array>
  /** Reports success, or the failure that `failure` describes. */
  report(goalState: GoalState, failure: string | undefined): Promise<void>
}

/** How long failures are borne with yet, over all requests: a silent server must not hold up a boot again and again. */
export interface Patience {
  seconds: number
}

const headers = { 'x-ms-agent-name': 'WALinuxAgent', 'x-ms-version': '2012-11-30' }
const timeoutSeconds = 60

/** Without a route the network will not come by itself, and a machine being put to sleep has none either. */
const isFinal = (outcome: HttpOutcome): boolean => outcome instanceof HttpFailure && outcome.reason === 'unreachable'

/**
 * A client for the wire server at `endpoint` (host, perhaps with a port). Every failure but an unreachable network is tried again,
 * a second apart, as long as `patience` lasts; then each request is tried once.
 */
export const wireServer = (machine: Machine, endpoint: string, patience: Patience): WireServer => {
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    const start = machine.clock.monotonic()
    try {
      return await requestWithRetries(machine, request, {
        retries: Number.POSITIVE_INFINITY,
        // The last try gets its time, too.
        maxWaitSeconds: Math.max(patience.seconds, timeoutSeconds),
        timeoutSeconds,
        rule: (outcome) => {
          if (!(outcome instanceof HttpFailure) && outcome.status < 400) return undefined
          return isFinal(outcome) || patience.seconds < 1 ? 'stop' : undefined
        },
      })
    } finally {
      patience.seconds -= (machine.clock.monotonic() - start) / 1000
    }
  }
  const goalStateRequest: HttpRequest = { url: `http://${endpoint}/machine/?comp=goalstate`, headers }
  let ahead: Promise<HttpOutcome> | undefined

  const afterFirstTry = async (first: HttpOutcome): Promise<HttpResponse> => {
    if (!(first instanceof HttpFailure) && first.status < 400) return first
    if (isFinal(first)) throw first
    const overloaded = !(first instanceof HttpFailure) && first.status === 503
    const wait = overloaded ? retryAfterSeconds(first.headers['retry-after'], machine.clock.now()) : 1
    if (wait >= patience.seconds) {
      throw first instanceof HttpFailure ? first : new HttpStatusError(first.url, first.status)
    }
    await machine.clock.sleep(wait * 1000)
    patience.seconds -= wait
    return send(goalStateRequest)
  }

  return {
    askAhead: () => {
      ahead ??= machine.http.request({ ...goalStateRequest, timeoutSeconds }).catch((error: unknown) => {
        if (error instanceof HttpFailure) return error
        return new HttpFailure(goalStateRequest.url, 'protocol', String(error))
      })
    },
    goalState: async () => {
      const first = await ahead
      ahead = undefined
      const response = first ? await afterFirstTry(first) : await send(goalStateRequest)
      return readGoalState(response.body)
    },
    certificates: async (url, certificate) => {
      const secure = { 'x-ms-cipher-name': 'DES_EDE3_CBC', 'x-ms-guest-agent-public-x509-cert': certificate }
      const response = await send({ url, headers: { ...headers, ...secure } })
      return response.body
    },
    report: async (goalState, failure) => {
      await send({
        method: 'POST',
        url: `http://${endpoint}/machine?comp=health`,
        headers: { ...headers, 'Content-Type': 'text/xml; charset=utf-8' },
        body: healthReport(goalState, failure),
      })
    },
  }
}
