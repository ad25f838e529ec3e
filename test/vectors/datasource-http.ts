import { HttpFailure, type HttpFailureReason } from '../../src/machine/errors.ts'
import type { HttpOutcome, HttpRequest } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { objectsAt, textMapAt } from './datasource-case.ts'

/** The cloud of a recorded case: answers by its `http` list, as README-datasources.md says. */

const reasons: Readonly<Record<string, HttpFailureReason>> = {
  'connection-refused': 'refused',
  'network-unreachable': 'unreachable',
  'connect-timeout': 'timeout',
  'read-timeout': 'timeout',
}

/** `http://x` and `http://x/` are the same request. */
export const sameUrl = (url: string): string => (/^[a-z]+:\/\/[^/?]+$/.test(url) ? `${url}/` : url)

const hostOf = (url: string): string => /^[a-z]+:\/\/(\[[^\]]*\]|[^/:?]*)/.exec(url)?.[1] ?? ''
const isAddress = (host: string): boolean => host.startsWith('[') || /^[\d.]+$/.test(host)

export const headersMatch = (
  wanted: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>>,
): boolean => {
  const lower = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))
  return Object.entries(wanted).every(([name, value]) => {
    const actual = lower.get(name.toLowerCase())
    return actual !== undefined && (value === '*' || actual === value)
  })
}

const answerOf = (entry: JsonObject, { url }: HttpRequest): HttpOutcome => {
  const error = textAt(entry, 'error')
  if (error !== undefined) return new HttpFailure(url, reasons[error] ?? 'protocol', error)
  const base64 = textAt(entry, 'bodyBase64')
  return httpResponse({
    url,
    status: typeof entry['status'] === 'number' ? entry['status'] : 404,
    headers: textMapAt(entry, 'headers'),
    body: base64 === undefined ? (textAt(entry, 'body') ?? '') : Buffer.from(base64, 'base64'),
  })
}

export const recordedCloud = (vector: JsonObject): ((request: HttpRequest) => HttpOutcome) => {
  const entries = objectsAt(vector, 'http')
  const used = new Set<JsonObject>()
  const names =
    objectAt(vector, 'platform')['dns'] === undefined ? undefined : textMapAt(objectAt(vector, 'platform'), 'dns')
  const listedHosts = new Set(entries.map((entry) => hostOf(textAt(entry, 'url') ?? '')))

  const resolves = (host: string): boolean => {
    if (isAddress(host)) return true
    return names ? names[host.replace(/\.$/, '')] !== undefined : listedHosts.has(host)
  }
  return (request) => {
    const { url, method = 'GET', headers = {}, socketPath } = request
    if (socketPath === undefined && !resolves(hostOf(url))) {
      return new HttpFailure(url, 'unresolved', `${hostOf(url)} does not resolve`)
    }
    const same = entries.filter(
      (entry) => textAt(entry, 'method') === method && sameUrl(textAt(entry, 'url') ?? '') === sameUrl(url),
    )
    if (same.length === 0) return answerOf(objectAt(vector, 'httpDefault'), request)
    const fitting = same.filter((entry) => headersMatch(textMapAt(entry, 'requestHeaders'), headers))
    const entry = fitting.find((candidate) => !used.has(candidate)) ?? fitting.at(-1)
    if (!entry) {
      const status = same.map((candidate) => candidate['mismatchStatus']).find((value) => typeof value === 'number')
      return httpResponse({ url, status: typeof status === 'number' ? status : 400 })
    }
    used.add(entry)
    return answerOf(entry, request)
  }
}
