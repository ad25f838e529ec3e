import type { HttpOutcome, HttpRequest, HttpResponse } from '../../src/machine/http.ts'
import { neverRetry, type RetryRule, requestWithRetries } from '../../src/machine/http-retry.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { findMetadataAddress } from '../../src/platform/metadata-address.ts'
import { type Ec2Settings, usualAddresses } from './settings.ts'

/** Requests to a metadata service that has answered once. */
export interface Ec2Session {
  /** `http://169.254.169.254` */
  readonly address: string
  /** One try. @throws HttpFailure */
  once(path: string): Promise<HttpResponse>
  /**
   * Up to 6 tries, 1 s apart. Statuses in `answers` are an answer, too.
   * @throws HttpFailure or HttpStatusError
   */
  get(path: string, answers?: readonly number[]): Promise<HttpResponse>
}

const tokenPath = 'latest/api/token'
const tokenHeader = 'X-aws-ec2-metadata-token'
const tokenSeconds = '21600'
/** The oldest version of the protocol; what is not AWS is waited for by it. */
const oldestProbe = '2009-04-04/meta-data/instance-id'
/** For a request once the service is known to be there. */
const timeoutSeconds = 5

/**
 * AWS (IMDSv2): the service is there when it hands out a token; every request carries it. There is no way back to
 * requests without: that they are refused is what IMDSv2 is for.
 * @returns undefined when no address answers in time, or one refuses.
 */
export const openWithToken = async (machine: Machine, settings: Ec2Settings): Promise<Ec2Session | undefined> => {
  const { addresses, maxWaitSeconds, timeoutSeconds: firstTimeout } = settings
  const found = await findMetadataAddress(machine, addresses, tokenRequest, usualAddresses, {
    maxWaitSeconds,
    timeoutSeconds: firstTimeout,
    final: isRefusal,
  })
  if (found === undefined) return undefined
  const { address } = found
  let token = Promise.resolve(found.response.text())

  /** Gets a new token, unless another request has done so since `stale` was used. */
  const refresh = (stale: Promise<string>): void => {
    if (token !== stale) return
    machine.log.debug('the metadata token is not accepted any more; asking for a new one')
    const renewed = requestWithRetries(machine, tokenRequest(address), { timeoutSeconds }).then((answer) =>
      answer.text(),
    )
    token = renewed.catch(() => stale)
  }
  const request = async (path: string, rule: RetryRule, options: { answers?: readonly number[] }) => {
    let used = token
    let isStale = false
    const source = async (): Promise<HttpRequest> => {
      if (isStale) refresh(used)
      isStale = false
      used = token
      return { url: `${address}/${path}`, headers: { [tokenHeader]: await used } }
    }
    return requestWithRetries(machine, source, {
      ...options,
      timeoutSeconds,
      rule: (outcome) => {
        if ('status' in outcome && outcome.status === 401) isStale = true
        return rule(outcome)
      },
    })
  }
  return {
    address,
    once: (path) => request(path, neverRetry, {}),
    get: (path, answers = []) => request(path, () => undefined, { answers }),
  }
}

/** Clouds that are not AWS (IMDSv1): plain requests. @returns undefined when no address answers in time. */
export const openPlain = async (machine: Machine, settings: Ec2Settings): Promise<Ec2Session | undefined> => {
  const { addresses, maxWaitSeconds, timeoutSeconds: firstTimeout } = settings
  const probe = (address: string): HttpRequest => ({ url: `${address}/${oldestProbe}` })
  const found = await findMetadataAddress(machine, addresses, probe, usualAddresses, {
    maxWaitSeconds,
    timeoutSeconds: firstTimeout,
  })
  if (found === undefined) return undefined
  const { address } = found
  return {
    address,
    once: (path) => requestWithRetries(machine, { url: `${address}/${path}` }, { timeoutSeconds, rule: neverRetry }),
    get: (path, answers = []) =>
      requestWithRetries(machine, { url: `${address}/${path}` }, { timeoutSeconds, answers }),
  }
}

const tokenRequest = (address: string): HttpRequest => ({
  url: `${address}/${tokenPath}`,
  method: 'PUT',
  headers: { 'X-aws-ec2-metadata-token-ttl-seconds': tokenSeconds },
})

/** Metadata is switched off for this instance, or this is no AWS: asking again will not help. */
const isRefusal = (outcome: HttpOutcome): boolean =>
  'status' in outcome && outcome.status >= 400 && outcome.status !== 503
