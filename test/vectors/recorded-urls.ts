import { HttpFailure } from '../../src/machine/errors.ts'
import type { HttpOutcome, HttpRequest } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../../src/machine/json.ts'

/** Answers by a recorded map `url -> response or [response, ...]`, as README-userdata.md says. */
export const recordedUrls = (urls: JsonObject): ((request: HttpRequest) => HttpOutcome) => {
  const turns = new Map<string, number>()
  return ({ url }) => {
    const key = Object.keys(urls).find((candidate) => sameUrl(candidate) === sameUrl(url))
    const recorded = key === undefined ? undefined : urls[key]
    const list: Json[] = Array.isArray(recorded) ? recorded : recorded === undefined ? [] : [recorded]
    const turn = turns.get(url) ?? 0
    turns.set(url, turn + 1)
    const response = list[Math.min(turn, list.length - 1)]
    if (!isJsonObject(response)) return httpResponse({ url, status: 404, body: '' })
    const error = textAt(response, 'error')
    if (error !== undefined) return new HttpFailure(url, error === 'timeout' ? 'timeout' : 'refused', error)
    const base64 = textAt(response, 'body_base64')
    const status = response['status']
    return httpResponse({
      url,
      status: typeof status === 'number' ? status : 200,
      body: base64 === undefined ? (textAt(response, 'body') ?? '') : Buffer.from(base64, 'base64'),
    })
  }
}

/** `http://h` and `http://h/` are the same request. */
export const sameUrl = (url: string): string => (/^[a-z]+:\/\/[^/?]+$/.test(url) ? `${url}/` : url)
