import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Handler, SimulatedAnswer, SimulatedRequest } from './cloud.ts'
import { answerFaulty, type Fault } from './faults.ts'
import type { RequestRecord } from './request-log.ts'

export interface ServeOptions {
  readonly handle: Handler
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** Before every answer. */
  readonly delayMilliseconds?: number
  /** Requests whose path (with query) matches `paths` (default: all) are answered in this way. */
  readonly fault?: Fault & { readonly paths?: RegExp }
  /** Where requests are written down, in the order in which they came. */
  readonly requests: RequestRecord[]
}

const LARGEST_BODY = 1024 * 1024

const readBody = async (message: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= LARGEST_BODY) chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const requestOf = (message: IncomingMessage, body: string): SimulatedRequest => {
  const url = new URL(message.url ?? '/', 'http://simulator')
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]))
  return {
    method: message.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    body,
  }
}

const answerOf = (handle: Handler, request: SimulatedRequest): SimulatedAnswer => {
  try {
    return handle(request)
  } catch (error) {
    return { status: 500, body: `simulator: ${String(error)}\n` }
  }
}

/** Serves one cloud on one address. @throws when the address can't be had. */
export const serve = async (options: ServeOptions): Promise<{ readonly port: number; stop(): Promise<void> }> => {
  const { handle, requests, fault, delayMilliseconds = 0 } = options
  let faultsMet = 0

  const respond = (response: ServerResponse, answer: SimulatedAnswer, url: string): void => {
    if (fault && (fault.paths === undefined || fault.paths.test(url))) {
      faultsMet += 1
      if (answerFaulty(response, answer, fault, faultsMet - 1)) return
    }
    response.writeHead(answer.status ?? 200, { ...answer.headers }).end(answer.body ?? '')
  }

  const server: Server = createServer(async (message, response) => {
    const start = performance.now()
    const index = requests.length
    const url = message.url ?? '/'
    const record = (
      status: number | undefined,
      end: number | undefined,
      request?: SimulatedRequest,
    ): RequestRecord => ({
      method: message.method ?? 'GET',
      url,
      headers: request?.headers ?? {},
      body: request?.body ?? '',
      status,
      start,
      end,
    })
    requests.push(record(undefined, undefined))
    try {
      const request = requestOf(message, await readBody(message))
      requests[index] = record(undefined, undefined, request)
      response.on('close', () => {
        const status = response.headersSent ? response.statusCode : undefined
        requests[index] = record(status, performance.now(), request)
      })
      const answer = answerOf(handle, request)
      const timer = setTimeout(() => respond(response, answer, url), delayMilliseconds)
      response.on('close', () => clearTimeout(timer))
    } catch {
      response.destroy()
    }
  })
  server.keepAliveTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve)
  })
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port: (server.address() as AddressInfo).port, stop }
}
