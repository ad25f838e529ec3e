import { FirstlightError, messageOf } from '../../src/machine/errors.ts'
import { isoTime } from '../../src/machine/time.ts'

type Detail = string | number | null

/**
 * Provisioning failed for a reason that Azure's support knows by name: it goes to the fabric as
 * `result=error|reason=...|agent=...|<details>|vm_id=...`.
 */
export class ProvisioningFailure extends FirstlightError {
  readonly code = 'FL_AZURE'
  constructor(
    readonly reason: string,
    readonly details: Readonly<Record<string, Detail>> = {},
  ) {
    super(reason)
  }
}

/** Whatever was thrown, as a failure that can be reported. */
export const asProvisioningFailure = (error: unknown): ProvisioningFailure => {
  if (error instanceof ProvisioningFailure) return error
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new ProvisioningFailure('unhandled exception', {
    exception: exceptionText(error),
    traceback_base64: Buffer.from(trace).toString('base64'),
  })
}

/** `HttpFailure('http://...: refused')`: the name and message of what was thrown. */
export const exceptionText = (error: unknown): string =>
  `${error instanceof Error ? error.name : 'Error'}('${messageOf(error)}')`

/** Azure's tools look the failing agent up by this name and version: the one whose reports these are like. */
const agent = 'Cloud-Init/26.2'
const documentation = 'https://aka.ms/linuxprovisioningerror'

/** Fields with a bar, a quote or a line break are quoted as in CSV. */
const encodeField = (field: string): string => (/[|'\r\n]/.test(field) ? `'${field.replaceAll("'", "''")}'` : field)

const shown = (value: Detail): string => (value === null ? 'None' : String(value))

/** `2025-01-01T12:00:00+00:00`, with microseconds unless they are zero. */
const timestamp = (milliseconds: number): string =>
  isoTime(milliseconds).replace(/\.(\d{3})Z$/, (_, fraction: string) =>
    fraction === '000' ? '+00:00' : `.${fraction}000+00:00`,
  )

/** Seconds as a decimal fraction: `300.0`. */
export const secondsText = (milliseconds: number): string => {
  const seconds = milliseconds / 1000
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds)
}

/** The description of a failure as the fabric expects it. `time`: milliseconds since 1970. */
export const encodeFailure = (
  failure: ProvisioningFailure,
  about: { readonly vmId: string | undefined; readonly time: number },
): string =>
  [
    'result=error',
    `reason=${failure.reason}`,
    `agent=${agent}`,
    ...Object.entries(failure.details).map(([key, value]) => `${key}=${shown(value)}`),
    `vm_id=${about.vmId ?? 'None'}`,
    `timestamp=${timestamp(about.time)}`,
    `documentation_url=${documentation}`,
  ]
    .map(encodeField)
    .join('|')
