import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { HttpFailure } from '../../src/machine/errors.ts'
import type { HttpRequest, HttpResponse } from '../../src/machine/http.ts'
import { requestWithRetries } from '../../src/machine/http-retry.ts'
import { liveMachine } from '../../src/machine/live.ts'
import { withMachine } from './kinds.ts'

interface Server {
  /** `http://127.0.0.1:1234` */
  readonly url: string
  readonly port: number
  /** Connections that were opened so far. */
  readonly connections: () => number
}

/** A server on loopback for as long as `body` takes. */
const serving = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  body: (server: Server) => Promise<void>,
  listen: { host?: string; path?: string } = { host: '127.0.0.1' },
): Promise<void> => {
  let connections = 0
  const server = createServer(answer).on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(listen.path ? listen : { ...listen, port: 0 }, resolve))
  const address = server.address()
  const port = typeof address === 'object' ? ((address as AddressInfo | null)?.port ?? 0) : 0
  try {
    await body({ url: `http://${listen.host ?? 'localhost'}:${port}`, port, connections: () => connections })
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const request = (given: HttpRequest): Promise<HttpResponse> => liveMachine().http.request(given)

const failureOf = async (promise: Promise<unknown>): Promise<HttpFailure> => {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof HttpFailure, String(error))
    return error
  }
  throw new Error('it did not fail')
}

test('a request sends its method, headers and body as given, and little else', () =>
  serving(
    (received, response) => {
      let body = ''
      received.on('data', (piece) => {
        body += piece
      })
      received.on('end', () => response.end(JSON.stringify([received.method, received.url, received.headers, body])))
    },
    async ({ url, port }) => {
      const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': '21600' }
      const response = await request({ url: `${url}/latest/api/token?a=b%20c`, method: 'PUT', headers, body: 'text' })
      const [method, path, sent, body] = JSON.parse(response.text())
      assert.deepEqual([method, path, body], ['PUT', '/latest/api/token?a=b%20c', 'text'])
      assert.match(sent['user-agent'], /^Cloud-Init\//)
      assert.deepEqual(Object.keys(sent).sort(), [
        'accept',
        'accept-encoding',
        'connection',
        'content-length',
        'host',
        'user-agent',
        'x-aws-ec2-metadata-token-ttl-seconds',
      ])
      assert.equal(sent.host, `127.0.0.1:${port}`)
    },
  ))

test('a content type is sent as given, in whatever case its name is', () =>
  serving(
    (received, response) => {
      response.end(received.headers['content-type'] ?? 'none')
    },
    async ({ url }) => {
      for (const name of ['Content-Type', 'content-type']) {
        const headers = { [name]: 'text/xml;charset=utf-8' }
        const response = await request({ url, method: 'POST', headers, body: '<xml/>' })
        assert.equal(response.text(), 'text/xml;charset=utf-8')
      }
      assert.equal((await request({ url, method: 'POST', body: '{}' })).text(), 'none')
    },
  ))

test('every status is an answer, with its headers and its body', () =>
  serving(
    (received, response) => {
      response.writeHead(Number(received.url?.slice(1)), { 'Retry-After': '7' }).end('why')
    },
    async ({ url }) => {
      for (const status of [200, 204, 304, 400, 404, 410, 500, 503]) {
        const response = await request({ url: `${url}/${status}` })
        assert.equal(response.status, status)
        assert.equal(response.headers['retry-after'], '7')
        if (status !== 204 && status !== 304) assert.equal(response.text(), 'why')
      }
    },
  ))

test('a body arrives as bytes, unpacked when it was packed', () =>
  serving(
    (received, response) => {
      const bytes = Buffer.from([0xff, 0x00, 0x61])
      if (received.url === '/plain') response.end(bytes)
      else response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(bytes))
    },
    async ({ url }) => {
      assert.deepEqual([...(await request({ url: `${url}/plain` })).body], [0xff, 0x00, 0x61])
      assert.deepEqual([...(await request({ url: `${url}/packed` })).body], [0xff, 0x00, 0x61])
    },
  ))

test('one connection serves many requests', () =>
  serving(
    (_received, response) => {
      response.end('text')
    },
    async ({ url, connections }) => {
      const { http } = liveMachine()
      for (let count = 0; count < 10; count += 1) await http.request({ url: `${url}/${count}` })
      assert.equal(connections(), 1)
    },
  ))

test('a kept connection that the server has closed is replaced without the caller seeing it', () =>
  serving(
    (received, response) => {
      response.end('text')
      // Without a word, as when a server's own time limit runs out just now.
      response.on('finish', () => setImmediate(() => received.socket.destroy()))
    },
    async ({ url }) => {
      const { http } = liveMachine()
      for (let count = 0; count < 5; count += 1) assert.equal((await http.request({ url })).text(), 'text')
    },
  ))

test('redirects are followed as far as allowed, and the last address is told', () =>
  serving(
    (received, response) => {
      const left = Number(received.url?.slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(302, { Location: `/${left - 1}` }).end()
    },
    async ({ url }) => {
      const followed = await request({ url: `${url}/3` })
      assert.deepEqual([followed.text(), followed.url], ['there', `${url}/0`])
      assert.equal((await request({ url: `${url}/1`, maxRedirects: 0 })).status, 302)
      assert.equal((await failureOf(request({ url: `${url}/11` }))).reason, 'protocol')
    },
  ))

/** Ways of a server to keep a client waiting; each must end at the request's own limit. */
const delays: Record<string, (response: ServerResponse) => void> = {
  'a server that never answers': () => undefined,
  'a server that stops after the headers': (response) => {
    response.writeHead(200, { 'Content-Length': '10' })
    response.write('x')
  },
  'a body that trickles in': (response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'), 20)
    response.on('close', () => clearInterval(timer))
  },
}

for (const [what, delay] of Object.entries(delays)) {
  test(`${what} ends at the time limit of the request`, () =>
    serving(
      (_received, response) => delay(response),
      async ({ url }) => {
        const failure = await failureOf(request({ url, timeoutSeconds: 0.3 }))
        assert.equal(failure.reason, 'timeout')
        assert.equal(failure.message, `${url}: no answer in time (0.3 s)`)
      },
    ))
}

test('an endless body ends at the size limit', () =>
  serving(
    (_received, response) => {
      const piece = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
      }
      response.on('drain', more)
      more()
    },
    async ({ url }) => {
      assert.equal((await failureOf(request({ url, limitBytes: 1_000_000 }))).reason, 'too-large')
      assert.equal((await failureOf(request({ url }))).reason, 'too-large')
    },
  ))

test('a small body that unpacks to an endless one ends at the size limit', () =>
  serving(
    (_received, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)))
    },
    async ({ url }) => {
      assert.equal((await failureOf(request({ url }))).reason, 'too-large')
    },
  ))

test('what is not HTTP, or is cut off, is a protocol failure', async () => {
  const answers = ['SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', '']
  for (const answer of answers) {
    const server = createSocketServer((socket: Socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(answer))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const failure = await failureOf(request({ url: `http://127.0.0.1:${port}/` }))
    assert.equal(failure.reason, 'protocol', failure.message)
    server.close()
  }
})

test('a request without an answer says why', async () => {
  const cases: [string, HttpFailure['reason']][] = [
    ['http://127.0.0.1:1/', 'refused'],
    ['http://no-such-host.invalid/', 'unresolved'],
    ['file:///etc/passwd', 'protocol'],
    ['data:text/plain,text', 'protocol'],
    ['http://[::1', 'protocol'],
    ['', 'protocol'],
  ]
  for (const [url, reason] of cases) assert.equal((await failureOf(request({ url }))).reason, reason, url)
})

test('passwords and signatures of a URL are in no error', async () => {
  const failure = await failureOf(request({ url: 'http://user:sesame@127.0.0.1:1/path?X-Amz-Signature=open&a=b' }))
  assert.equal(
    failure.message,
    'http://127.0.0.1:1/path?X-Amz-Signature=<redacted>&a=b: connection refused (ECONNREFUSED)',
  )
})

test('a request that is no longer wanted ends at once', () =>
  serving(
    () => undefined,
    async ({ url }) => {
      const stop = new AbortController()
      const outcome = failureOf(request({ url, signal: stop.signal }))
      stop.abort()
      assert.equal((await outcome).reason, 'aborted')
    },
  ))

test('a proxy in the environment is not asked for what is link-local or on this machine', () =>
  serving(
    (_received, response) => {
      response.end('direct')
    },
    async ({ url }) => {
      const before = process.env['http_proxy']
      process.env['http_proxy'] = 'http://127.0.0.1:1'
      try {
        assert.equal((await request({ url })).text(), 'direct')
        assert.equal((await failureOf(request({ url: 'http://example.com/' }))).message.includes('ECONNREFUSED'), true)
      } finally {
        if (before === undefined) delete process.env['http_proxy']
        else process.env['http_proxy'] = before
      }
    },
  ))

test('a UNIX socket is spoken to', () =>
  withMachine('live', ({ onHost = '' }) => {
    const path = join(onHost, 'socket')
    return serving(
      (received, response) => {
        response.end(received.headers.host)
      },
      async () => {
        assert.equal((await request({ url: 'http://lxd/1.0', socketPath: path })).text(), 'lxd')
        const none = await failureOf(request({ url: 'http://lxd/1.0', socketPath: `${path}.none` }))
        assert.equal(none.reason, 'refused')
      },
      { path },
    )
  }))

test('a request leaves by the port and address it is told to', () =>
  serving(
    (received, response) => {
      response.end(`${received.socket.remoteAddress} ${received.socket.remotePort}`)
    },
    async ({ url, port }) => {
      const localPort = port === 40123 ? 40124 : 40123
      assert.equal((await request({ url, localPort })).text(), `127.0.0.1 ${localPort}`)
      assert.match((await request({ url, localAddress: '127.0.0.2' })).text(), /^127\.0\.0\.2 /)
      assert.match((await request({ url, localAddress: 'lo' })).text(), /^127\.0\.0\.1 /)
    },
  ))

test('a link-local IPv6 address with a zone reaches its host', async (t) => {
  try {
    await serving(
      (received, response) => {
        response.end(received.headers.host)
      },
      async ({ port }) => {
        for (const zone of ['%25lo', '%lo']) {
          const response = await request({ url: `http://[::1${zone}]:${port}/path` })
          assert.equal(response.text(), `[::1]:${port}`)
        }
      },
      { host: '::1' },
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL') t.skip('no IPv6 here')
    else throw error
  }
})

test('503 and then 200 is an answer', () => {
  let count = 0
  return serving(
    (_received, response) => {
      count += 1
      response.writeHead(count === 1 ? 503 : 200, { 'Retry-After': '0' }).end('text')
    },
    async ({ url, connections }) => {
      assert.equal((await requestWithRetries(liveMachine(), { url })).text(), 'text')
      assert.equal(connections(), 1)
    },
  )
})
