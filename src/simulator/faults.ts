import type { ServerResponse } from 'node:http'
import type { SimulatedAnswer } from './cloud.ts'

/** How a service misbehaves, for tests of what a boot makes of it. */
export type Fault =
  /** Accepts the connection and never answers. */
  | { readonly kind: 'silent' }
  /** One byte a second (or every `milliseconds`). */
  | { readonly kind: 'trickle'; readonly milliseconds?: number }
  | { readonly kind: 'status'; readonly status: number }
  /** 503 for the first requests, then as usual. */
  | { readonly kind: 'unavailable'; readonly requests: number; readonly retryAfter?: number }
  /** A login page, with status 200. */
  | { readonly kind: 'html' }
  /** The first half of the answer. */
  | { readonly kind: 'truncated' }
  /** An answer that goes on until the client hangs up. */
  | { readonly kind: 'endless' }
  /** The connection is closed without an answer. */
  | { readonly kind: 'reset' }

const page =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in to the network.</body></html>\n'

const writeHead = (response: ServerResponse, answer: SimulatedAnswer, extra: Record<string, string> = {}): void => {
  response.writeHead(answer.status ?? 200, { ...answer.headers, ...extra })
}

const trickle = (response: ServerResponse, answer: SimulatedAnswer, milliseconds: number): void => {
  const bytes = Buffer.from(answer.body ?? '')
  let sent = 0
  writeHead(response, answer, { 'content-length': String(bytes.length) })
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1))
    sent += 1
    if (sent >= bytes.length) response.end()
  }, milliseconds)
  response.on('close', () => clearInterval(timer))
}

const pourForever = (response: ServerResponse, answer: SimulatedAnswer): void => {
  writeHead(response, answer)
  const chunk = Buffer.alloc(65_536, 'x')
  const pour = (): void => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}

/**
 * Answers in the way of `fault`.
 * @param served how many requests the fault has met before
 * @returns false when the fault is over and the usual answer is due
 */
export const answerFaulty = (
  response: ServerResponse,
  answer: SimulatedAnswer,
  fault: Fault,
  served: number,
): boolean => {
  switch (fault.kind) {
    case 'silent':
      return true
    case 'trickle':
      trickle(response, answer, fault.milliseconds ?? 1000)
      return true
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'text/plain' }).end(`fault ${fault.status}\n`)
      return true
    case 'unavailable': {
      if (served >= fault.requests) return false
      const retryAfter = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
      response.writeHead(503, { 'content-type': 'text/plain', ...retryAfter }).end('try again\n')
      return true
    }
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end(page)
      return true
    case 'truncated': {
      const bytes = Buffer.from(answer.body ?? '')
      writeHead(response, answer)
      response.end(bytes.subarray(0, Math.floor(bytes.length / 2)))
      return true
    }
    case 'endless':
      pourForever(response, answer)
      return true
    case 'reset':
      response.destroy()
      return true
  }
}
