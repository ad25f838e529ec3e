import type { HttpRequest } from '../../src/machine/http.ts'
import { type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { objectsAt, textMapAt } from './datasource-case.ts'
import { headersMatch, sameUrl } from './datasource-http.ts'

/**
 * Requests are compared for what they say, not for how many there are: firstlight asks less often than cloud-init, and
 * in parallel. What must be the same: every request that is not a GET; that nothing is asked that cloud-init would not
 * ask and the recorded cloud does not serve; and the headers that the cloud wants to see.
 */

/**
 * Documents that firstlight asks for all at once, where cloud-init reads one after the other and stops at the first that
 * it can't have: in such a case the record does not have the others. See docs/differences.md, Datasources.
 */
const askedTogether: Readonly<Record<string, RegExp>> = {
  nocloud: /(meta-data|user-data|vendor-data|network-config)$/,
  gce: /\/computeMetadata\/v1\/(instance\/(id|zone|hostname)|(instance|project)\/attributes\/\?recursive=True)$/,
}

const methodOf = (request: JsonObject): string => textAt(request, 'method') ?? 'GET'
const urlOf = (request: JsonObject): string => sameUrl(textAt(request, 'url') ?? '')

/** `*` in a recorded text stands for anything. */
export const matchesPattern = (pattern: string, text: string): boolean => {
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('[\\s\\S]*')}$`).test(text)
}

const bodyText = (request: HttpRequest): string =>
  request.body === undefined ? '' : Buffer.from(request.body).toString('utf8')

const headersFit = (recorded: JsonObject, request: HttpRequest): boolean => {
  const given = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  const lower = new Map(given)
  return Object.entries(textMapAt(recorded, 'headers')).every(([name, pattern]) => {
    const value = lower.get(name.toLowerCase())
    return name.toLowerCase() === 'user-agent' || (value !== undefined && matchesPattern(pattern, value))
  })
}

const describe = (request: HttpRequest): string => `${request.method ?? 'GET'} ${request.url}`

/** Also such a request has the headers that the record has on the others. */
const isAskedTogether = (vector: JsonObject, recorded: readonly JsonObject[], request: HttpRequest): boolean =>
  askedTogether[textAt(vector, 'cloud') ?? '']?.test(request.url) === true &&
  (recorded.length === 0 || recorded.some((entry) => methodOf(entry) === 'GET' && headersFit(entry, request)))

/** A GET: was it recorded or is it served, and does it carry the recorded headers? */
const judgeGet = (vector: JsonObject, recorded: readonly JsonObject[], request: HttpRequest): string[] => {
  const url = sameUrl(request.url)
  const served = objectsAt(vector, 'http')
  const same = recorded.filter((entry) => methodOf(entry) === 'GET' && urlOf(entry) === url)
  if (same.some((entry) => headersFit(entry, request))) return []
  if (same.length > 0) {
    const wanted = same.map((entry) => JSON.stringify(entry['headers'] ?? {})).join(' or ')
    return [`requests: ${describe(request)} without its headers: expected ${wanted}`]
  }
  const offers = served.filter((entry) => methodOf(entry) === 'GET' && urlOf(entry) === url)
  if (offers.length === 0 && isAskedTogether(vector, recorded, request)) return []
  if (offers.length === 0) return [`requests: ${describe(request)} is asked by nobody else and served by nobody`]
  const fits = offers.some((entry) => headersMatch(textMapAt(entry, 'requestHeaders'), request.headers ?? {}))
  return fits ? [] : [`requests: ${describe(request)} without the headers that its server wants`]
}

/** Requests that are not GETs, neighbours that are the same counted as one (they are tries of one request). */
const judgeOthers = (actual: readonly HttpRequest[], recorded: readonly JsonObject[]): string[] => {
  const distinct = actual.filter((request, index) => {
    const previous = actual[index - 1]
    return !previous || describe(previous) !== describe(request) || bodyText(previous) !== bodyText(request)
  })
  const open = [...distinct]
  const found: string[] = []
  let last: JsonObject | undefined
  for (const entry of recorded) {
    const isSameAsLast =
      last !== undefined && describeRecorded(last) === describeRecorded(entry) && last['body'] === entry['body']
    last = entry
    if (isSameAsLast) continue
    const index = open.findIndex(
      (request) =>
        request.method === methodOf(entry) &&
        sameUrl(request.url) === urlOf(entry) &&
        headersFit(entry, request) &&
        matchesPattern(textAt(entry, 'body') ?? '', bodyText(request)),
    )
    if (index < 0) found.push(`requests: no ${describeRecorded(entry)} as recorded: ${JSON.stringify(entry)}`)
    else open.splice(index, 1)
  }
  const extra = open.map(
    (request) => `requests: ${describe(request)} with ${JSON.stringify(bodyText(request))} was not recorded`,
  )
  return [...found, ...extra]
}

const describeRecorded = (entry: JsonObject): string => `${methodOf(entry)} ${urlOf(entry)}`

export const compareRequests = (vector: JsonObject, requests: readonly HttpRequest[]): string[] => {
  const expected = objectAt(vector, 'expected')
  const recorded = [...objectsAt(expected, 'requests'), ...objectsAt(expected, 'requestsAfterGetData')]
  const gets = requests.filter(({ method = 'GET' }) => method === 'GET')
  const others = requests.filter(({ method = 'GET' }) => method !== 'GET')
  const recordedOthers = recorded.filter((entry) => methodOf(entry) !== 'GET')
  const wrong = gets.flatMap((request) => judgeGet(vector, recorded, request))
  return [...new Set([...wrong, ...judgeOthers(others, recordedOthers)])]
}
