import type { HttpFailure } from './errors.ts'

/** HTTP as the machine speaks it: one client for all clouds. Connections are kept alive between requests. */
export interface Http {
  /**
   * One request, no retries. Any status is an answer.
   * @throws HttpFailure when there is no answer: refused, unreachable, timed out (connecting or reading; also a body that
   *   trickles past the limit), too large, or not HTTP.
   */
  request(request: HttpRequest): Promise<HttpResponse>
}

export interface HttpRequest {
  readonly url: string
  /** Default GET. */
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** The whole request, from connecting to the last byte. Default 10. */
  readonly timeoutSeconds?: number
  /** Largest body that is accepted. Default 16 MiB. */
  readonly limitBytes?: number
  /** UNIX socket to connect to instead of the URL's host (LXD). */
  readonly socketPath?: string
  /** Interface or address to leave by. */
  readonly localAddress?: string
  readonly localPort?: number
  /** Default: follow at most 10. */
  readonly maxRedirects?: number
  /** Ends the request early; it then fails with reason `aborted`. */
  readonly signal?: AbortSignal
}

export interface HttpResponse {
  readonly url: string
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The body as UTF-8. */
  text(): string
}

export type HttpOutcome = HttpResponse | HttpFailure
