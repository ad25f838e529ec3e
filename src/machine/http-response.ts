import type { HttpResponse } from './http.ts'

/** An answer, from its parts; headers' names become lower case. */
export const httpResponse = (parts: {
  readonly url: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}): HttpResponse => {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(parts.headers ?? {})) headers[name.toLowerCase()] = value
  const body = typeof parts.body === 'string' ? new Uint8Array(Buffer.from(parts.body)) : parts.body
  const bytes = body ?? new Uint8Array()
  return {
    url: parts.url,
    status: parts.status ?? 200,
    headers,
    body: bytes,
    text: () => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'),
  }
}
