import { HttpFailure } from '../../src/machine/errors.ts'
import type { HttpRequest } from '../../src/machine/http.ts'
import { type RetryRule, requestWithRetries } from '../../src/machine/http-retry.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** How provisioning stands, for the newer of the fabric's two ears. */
export type ProvisioningState =
  | { readonly state: 'Ready' }
  | {
      readonly state: 'NotReady'
      readonly subStatus: 'Provisioning' | 'ProvisioningFailed'
      readonly description: string
    }

export interface HealthJsonOptions {
  readonly wireServer: string
  /** Also the wait between two tries. */
  readonly connectionSeconds: number
  readonly totalSeconds: number
}

const retried = [400, 404, 410, 429, 500, 503]
const agent = 'azure-init v0.1.1'

const rule: RetryRule = (outcome) => {
  if (outcome instanceof HttpFailure) return 'stop'
  if (outcome.status < 400) return undefined
  return retried.includes(outcome.status) ? 'retry' : 'stop'
}

/**
 * Reports to the JSON health endpoint, as azure-init does: `POST /provisioning/health`.
 * @throws HttpFailure, HttpStatusError when it does not get through in time; errors other than some statuses are final.
 */
export const reportHealthJson = async (
  machine: Machine,
  state: ProvisioningState,
  options: HealthJsonOptions,
): Promise<void> => {
  const details =
    state.state === 'Ready' ? {} : { details: { subStatus: state.subStatus, description: state.description } }
  const request: HttpRequest = {
    method: 'POST',
    url: `http://${options.wireServer}/provisioning/health`,
    headers: { 'content-type': 'application/json', 'user-agent': agent, 'x-ms-guest-agent-name': agent },
    body: JSON.stringify({ state: state.state, ...details }),
  }
  await requestWithRetries(machine, request, {
    retries: Number.POSITIVE_INFINITY,
    maxWaitSeconds: options.totalSeconds,
    timeoutSeconds: options.connectionSeconds,
    secondsBetween: options.connectionSeconds,
    rule,
  })
}
