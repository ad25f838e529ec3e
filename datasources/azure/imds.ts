import { randomUUID } from 'node:crypto'
import { FirstlightError, HttpFailure, HttpStatusError, messageOf } from '../../src/machine/errors.ts'
import { jsonObjectOf, requestWithRetries, retryOnly } from '../../src/machine/http-retry.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { exceptionText, ProvisioningFailure, secondsText } from './failure.ts'
import { isOpensshKey, withoutLineBreaks } from './openssh-key.ts'

/** The instance metadata, as far as provisioning goes by it. */
export interface Imds {
  /** The whole document. */
  readonly raw: JsonObject
  readonly username: string | undefined
  readonly hostname: string | undefined
  /** undefined: there is no OS profile. */
  readonly disablePasswordAuth: boolean | undefined
  /** Base64. */
  readonly userData: string | undefined
  readonly hasCustomData: boolean
  readonly preprovisioningType: Json | undefined
  /** undefined: there are none, or one of them is not in OpenSSH's form (then those of the media are meant). */
  readonly publicKeys: readonly string[] | undefined
  readonly region: string | undefined
  readonly faultDomain: string | undefined
  readonly network: JsonObject
}

export interface ImdsOptions {
  /** Base of the service: `http://169.254.169.254/metadata`. */
  readonly url: string
  readonly maxSeconds: number
  /** False when the lease has no route to it: then it is perhaps not there at all, and given up soon. */
  readonly isRouted: boolean
}

/** Why there is no metadata. `isSilent`: nothing answers at all, which on Azure Stack is not a failure. */
export class ImdsFailure extends FirstlightError {
  readonly code = 'FL_AZURE_IMDS'
  constructor(
    readonly report: ProvisioningFailure,
    readonly isSilent: boolean,
  ) {
    super(report.message)
  }
}

const mostConnectionErrors = 11
const requestSeconds = 30

/**
 * Reads the instance metadata: once with the extended document, or without it where the service is too old for that.
 * @throws ImdsFailure when it can't be had in time, or can't be read.
 */
export const fetchImds = async (machine: Machine, options: ImdsOptions): Promise<Imds> => {
  const start = machine.clock.monotonic()
  const failed = (error: unknown): ImdsFailure => {
    if (!(error instanceof HttpFailure || error instanceof HttpStatusError)) throw error
    const duration = secondsText(machine.clock.monotonic() - start)
    return new ImdsFailure(requestFailure(error, duration), error instanceof HttpFailure && !isReadTimeout(error))
  }
  const secondsLeft = (): number => options.maxSeconds - (machine.clock.monotonic() - start) / 1000
  const response = await request(machine, `${options.url}/instance?api-version=2021-08-01&extended=true`, {
    maxSeconds: options.maxSeconds,
    isRouted: options.isRouted,
  })
    .catch((error: unknown) => {
      if (!(error instanceof HttpStatusError) || error.status !== 400) throw error
      machine.log.warning('the metadata service does not know api-version 2021-08-01; using 2019-06-01')
      return request(machine, `${options.url}/instance?api-version=2019-06-01`, {
        maxSeconds: secondsLeft(),
        isRouted: options.isRouted,
      })
    })
    .catch((error: unknown) => {
      throw failed(error)
    })
  try {
    return readImds(jsonObjectOf(response))
  } catch (error) {
    const report = new ProvisioningFailure('error parsing IMDS metadata', { exception: exceptionText(error) })
    throw new ImdsFailure(report, false)
  }
}

/** Made anew for each try: Azure finds a request in its logs by this id. */
export const imdsHeaders = (): Record<string, string> => ({ Metadata: 'true', 'x-ms-client-request-id': randomUUID() })

const request = (machine: Machine, url: string, options: { maxSeconds: number; isRouted: boolean }) => {
  const usual = retryOnly([404, 410, 429, 500])
  const start = machine.clock.monotonic()
  let connectionErrors = 0
  return requestWithRetries(machine, () => ({ url, headers: imdsHeaders(), timeoutSeconds: requestSeconds }), {
    retries: Number.POSITIVE_INFINITY,
    // The rule below is what ends it: the last try may take its full time.
    maxWaitSeconds: options.maxSeconds + 2 * requestSeconds,
    rule: (outcome) => {
      if (!(outcome instanceof HttpFailure) && outcome.status < 400) return undefined
      if (outcome instanceof HttpFailure && !isReadTimeout(outcome)) connectionErrors += 1
      const isOver = (machine.clock.monotonic() - start) / 1000 >= options.maxSeconds
      const isHopeless = !options.isRouted && connectionErrors >= mostConnectionErrors
      return isOver || isHopeless ? 'stop' : usual(outcome)
    },
  })
}

/** The door to the network does not say in which phase a request timed out but in the message. */
const isReadTimeout = (failure: HttpFailure): boolean => failure.reason === 'timeout' && /\bread/i.test(failure.message)

const requestFailure = (error: HttpFailure | HttpStatusError, duration: string): ProvisioningFailure => {
  const about = { duration, exception: exceptionText(error), url: error.url }
  if (error instanceof HttpStatusError) {
    return new ProvisioningFailure(`http error ${error.status} querying IMDS`, { http_code: error.status, ...about })
  }
  if (error.reason !== 'timeout') return new ProvisioningFailure('connection error querying IMDS', about)
  const phase = isReadTimeout(error) ? 'read' : 'connection'
  return new ProvisioningFailure(`${phase} timeout querying IMDS`, about)
}

/** Azure Instance Metadata Service, categories `compute`, `network` and `extended`. */
export const readImds = (raw: JsonObject): Imds => {
  const compute = objectAt(raw, 'compute')
  const profile = objectAt(compute, 'osProfile')
  const extended = objectAt(objectAt(raw, 'extended'), 'compute')
  const disable = profile['disablePasswordAuthentication']
  return {
    raw,
    username: textAt(profile, 'adminUsername'),
    hostname: textAt(profile, 'computerName'),
    disablePasswordAuth: disable === undefined ? undefined : disable === 'true' || disable === true,
    userData: textAt(compute, 'userData'),
    hasCustomData: extended['hasCustomData'] === true,
    preprovisioningType: extended['ppsType'],
    publicKeys: keysOf(compute['publicKeys']),
    region: textAt(compute, 'location'),
    faultDomain: textAt(compute, 'platformFaultDomain'),
    network: objectAt(raw, 'network'),
  }
}

const keysOf = (list: Json | undefined): string[] | undefined => {
  if (!Array.isArray(list)) return undefined
  const keys = list.map((entry) => withoutLineBreaks((isJsonObject(entry) && textAt(entry, 'keyData')) || ''))
  return keys.every(isOpensshKey) ? keys : undefined
}

/** What to log when the metadata is done without. */
export const ignoredImds = (failure: ImdsFailure, url: string): string =>
  `${url} is done without (${messageOf(failure)}): what only it knows is missing. Check that no firewall or proxy is in its way`
