import type { Agent as HttpAgent } from 'node:http'
import type { AxiosInstance } from 'axios'
import { HttpFailure, type HttpFailureReason } from './errors.ts'
import { reasonOf } from './file-error.ts'
import type { Http, HttpRequest, HttpResponse } from './http.ts'
import { httpResponse } from './http-response.ts'
import { version } from './version.ts'

const defaultTimeoutSeconds = 10
const defaultLimitBytes = 16 * 1024 * 1024

/** Metadata services, and what tells them (and their logs) that this is cloud-init's kind of client. */
const defaultHeaders = { 'User-Agent': `Cloud-Init/${version}`, Accept: '*/*', 'Accept-Encoding': 'gzip, deflate' }

/** Connections kept between requests. They do not keep the process alive. */
interface Client {
  readonly axios: AxiosInstance
  agents(request: HttpRequest, host: string | undefined): { httpAgent: HttpAgent; httpsAgent: HttpAgent }
}

const openClient = async (): Promise<Client> => {
  const [axios, http, https, os] = await Promise.all([
    import('./load-axios.ts').then(({ loadAxios }) => loadAxios()),
    import('node:http'),
    import('node:https'),
    import('node:os'),
  ])
  const kept = new Map<string, { httpAgent: HttpAgent; httpsAgent: HttpAgent }>()

  const addressOf = (name: string): string => os.networkInterfaces()[name]?.[0]?.address ?? name
  return {
    axios: axios.create({ adapter: 'http' }),
    agents: ({ localAddress, localPort }, host) => {
      const key = `${host}|${localAddress}|${localPort}`
      const known = kept.get(key)
      if (known) return known
      const options = {
        keepAlive: true,
        ...(host !== undefined && { host }),
        ...(localAddress !== undefined && { localAddress: addressOf(localAddress) }),
        ...(localPort !== undefined && { localPort }),
      }
      const made = { httpAgent: new http.Agent(options), httpsAgent: new https.Agent(options) }
      kept.set(key, made)
      return made
    },
  }
}

/**
 * A link-local IPv6 address with its zone, `http://[fe80::a9fe:a9fe%25eth0]/` (RFC 6874), which URL parsers refuse: the
 * URL without the zone, and the host to connect to with it.
 */
const splitZone = (url: string): { url: string; host?: string } => {
  const [whole, scheme = '', address = '', zone = ''] = /^(https?:\/\/)\[([^\]%]+)%(?:25)?([^\]]+)\]/i.exec(url) ?? []
  if (whole === undefined) return { url }
  return { url: `${scheme}[${address}]${url.slice(whole.length)}`, host: `${address}%${zone}` }
}

/** What only this machine and its cloud can reach: a proxy in the environment is not for these. */
const directHosts =
  /^(localhost|127\.|169\.254\.|\[::1\]|\[fe[89ab][0-9a-f]:|\[f[cd][0-9a-f]{2}:|168\.63\.129\.16$|100\.100\.100\.200$|.*\.internal$|[^.:]+$)/i

const reasonsByCode: Readonly<Record<string, HttpFailureReason>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'refused',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EADDRINUSE: 'unreachable',
  EACCES: 'unreachable',
  EPERM: 'unreachable',
  EINVAL: 'unreachable',
  ETIMEDOUT: 'timeout',
  ECONNABORTED: 'timeout',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
}

const detailsByReason: Readonly<Record<HttpFailureReason, string>> = {
  refused: 'connection refused',
  unreachable: 'network unreachable',
  timeout: 'no answer in time',
  'too-large': 'the answer is too large',
  unresolved: 'the name cannot be resolved',
  protocol: 'not an HTTP answer',
  aborted: 'no longer wanted',
}

const failureOf = (url: string, error: unknown): HttpFailure => {
  const code = reasonOf(error)
  const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
  if (message.startsWith('maxContentLength')) return new HttpFailure(url, 'too-large', detailsByReason['too-large'])
  const reason = reasonsByCode[code] ?? 'protocol'
  const known = reasonsByCode[code] !== undefined
  return new HttpFailure(url, reason, known ? `${detailsByReason[reason]} (${code})` : `${message} (${code})`)
}

/** True when a kept connection turned out to be closed by the other side, so that nothing was lost. */
const wasStale = (error: unknown): boolean => {
  if (reasonOf(error) !== 'ECONNRESET' || typeof error !== 'object' || error === null) return false
  if (!('request' in error) || typeof error.request !== 'object' || error.request === null) return false
  const { request } = error
  const inner = '_currentRequest' in request ? request._currentRequest : request
  return typeof inner === 'object' && inner !== null && 'reusedSocket' in inner && inner.reusedSocket === true
}

const parsed = (request: HttpRequest, url: string): URL => {
  let target: URL
  try {
    target = new URL(url)
  } catch {
    throw new HttpFailure(request.url, 'protocol', 'not a URL')
  }
  if (target.protocol === 'http:' || target.protocol === 'https:') return target
  throw new HttpFailure(request.url, 'protocol', `only http and https are supported, not ${target.protocol}`)
}

const headersOf = (request: HttpRequest, target: URL): Record<string, string | false> => {
  const given = request.headers ?? {}
  const names = Object.keys(given).map((name) => name.toLowerCase())
  return {
    ...defaultHeaders,
    // false: axios would otherwise name a content type of its own.
    ...(!names.includes('content-type') && { 'Content-Type': false as const }),
    // Without a host name in the connection Node would name this machine.
    ...(request.socketPath !== undefined && { Host: target.host }),
    ...given,
  }
}

const send = async (client: Client, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
  const { url, host } = splitZone(request.url)
  const target = parsed(request, url)
  let finalUrl = request.url
  const isDirect = request.socketPath !== undefined || host !== undefined || directHosts.test(target.hostname)
  const response = await client.axios.request<Buffer>({
    url,
    method: request.method ?? 'GET',
    headers: headersOf(request, target),
    ...(request.body !== undefined && { data: Buffer.from(request.body) }),
    responseType: 'arraybuffer',
    validateStatus: null,
    transformRequest: [],
    transformResponse: [],
    maxContentLength: request.limitBytes ?? defaultLimitBytes,
    maxBodyLength: Number.POSITIVE_INFINITY,
    // A zone, or a socket, is that of the first address: no other host can be reached through it.
    maxRedirects: host === undefined && request.socketPath === undefined ? (request.maxRedirects ?? 10) : 0,
    beforeRedirect: (options) => {
      if (typeof options['href'] === 'string') finalUrl = options['href']
    },
    ...client.agents(request, host),
    ...(isDirect && { proxy: false as const }),
    ...(request.socketPath !== undefined && { socketPath: request.socketPath }),
    signal,
  })
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && value !== null) headers[name] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return httpResponse({ url: finalUrl, status: response.status, headers, body: new Uint8Array(response.data) })
}

/** HTTP by axios, which is loaded at the first request. */
export const liveHttp = (): Http => {
  let client: Promise<Client> | undefined

  return {
    request: async (request) => {
      const seconds = request.timeoutSeconds ?? defaultTimeoutSeconds
      const stop = new AbortController()
      let ending: HttpFailureReason | undefined
      const end = (reason: HttpFailureReason) => (): void => {
        ending ??= reason
        stop.abort()
      }
      // One limit for everything, from the name's lookup to the last byte: a body that trickles can't stretch it.
      const limit = setTimeout(end('timeout'), Math.min(seconds * 1000, 2 ** 31 - 1))
      const abort = end('aborted')
      request.signal?.addEventListener('abort', abort, { once: true })
      if (request.signal?.aborted) abort()
      try {
        client ??= openClient()
        const opened = await client
        try {
          return await send(opened, request, stop.signal)
        } catch (error) {
          if (ending !== undefined || request.method === 'POST' || !wasStale(error)) throw error
          return await send(opened, request, stop.signal)
        }
      } catch (error) {
        if (ending !== undefined) {
          const within = ending === 'timeout' ? ` (${seconds} s)` : ''
          throw new HttpFailure(request.url, ending, `${detailsByReason[ending]}${within}`)
        }
        if (error instanceof HttpFailure) throw error
        throw failureOf(request.url, error)
      } finally {
        clearTimeout(limit)
        request.signal?.removeEventListener('abort', abort)
      }
    },
  }
}
