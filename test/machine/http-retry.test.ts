import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpFailure, HttpStatusError } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import {
  jsonObjectOf,
  neverRetry,
  type RetryOptions,
  requestWithRetries,
  retryAfterSeconds,
  retryOnly,
  textOf,
  waitForUrl,
} from '../../src/machine/http-retry.ts'
import { type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'

/** What a server says to one request: a status, a status with headers or body, or why there is no answer. */
type Said = number | HttpFailure['reason'] | { status: number; headers?: Record<string, string>; body?: string }

/** A machine whose requests are answered by the list, its last entry for ever. */
const answering = (...list: Said[]): MemoryMachine => {
  let count = 0
  return memoryMachine({
    http: ({ url }) => {
      const said = list[Math.min(count, list.length - 1)] ?? 200
      count += 1
      if (typeof said === 'string') return new HttpFailure(url, said, said)
      const parts = typeof said === 'number' ? { status: said, body: 'text' } : said
      return httpResponse({ url, ...parts })
    },
  })
}

const url = 'http://169.254.169.254/'

/** Options and answers; then how it ends, how many requests were made, and how many seconds it took. */
const cases: Record<string, [RetryOptions, Said[], { ends: number | string; requests: number; seconds: number }]> = {
  'an answer at once': [{}, [200], { ends: 200, requests: 1, seconds: 0 }],
  'six tries a second apart, unless told otherwise': [{}, [500], { ends: 'status 500', requests: 6, seconds: 5 }],
  'n retries are n + 1 tries': [
    { retries: 30, secondsBetween: 2 },
    ['refused'],
    { ends: 'refused', requests: 31, seconds: 60 },
  ],
  'an answer after failures of several kinds': [{}, ['refused', 404, 500, 200], { ends: 200, requests: 4, seconds: 3 }],
  'a timeout takes its time': [
    { retries: 1, timeoutSeconds: 5 },
    ['timeout'],
    { ends: 'timeout', requests: 2, seconds: 11 },
  ],
  'no retries': [{ retries: 0 }, [500], { ends: 'status 500', requests: 1, seconds: 0 }],
  'a status that is an answer here': [{ answers: [404] }, [404], { ends: 404, requests: 1, seconds: 0 }],
  '503 waits a second and uses up no try': [{ retries: 0 }, [503, 503, 200], { ends: 200, requests: 3, seconds: 2 }],
  '503 waits as long as it says': [
    { retries: 0 },
    [{ status: 503, headers: { 'Retry-After': '7' } }, 200],
    { ends: 200, requests: 2, seconds: 7 },
  ],
  '503 waits until the date it names': [
    { retries: 0 },
    [{ status: 503, headers: { 'Retry-After': 'Wed, 01 Jan 2025 12:00:30 GMT' } }, 200],
    { ends: 200, requests: 2, seconds: 30 },
  ],
  '503 with a Retry-After of a year is not believed': [
    { retries: 0 },
    [{ status: 503, headers: { 'Retry-After': '31536000' } }, 200],
    { ends: 200, requests: 2, seconds: 120 },
  ],
  '503 for ever ends after ten minutes': [{ retries: 0 }, [503], { ends: 'status 503', requests: 601, seconds: 600 }],
  '503 for ever that wants no waiting ends, too': [
    { retries: 0 },
    [{ status: 503, headers: { 'Retry-After': '0' } }],
    { ends: 'status 503', requests: 601, seconds: 0 },
  ],
  'the own rule decides about 503 first': [
    { retries: 2, secondsBetween: 5, rule: retryOnly([503]) },
    [503],
    { ends: 'status 503', requests: 3, seconds: 10 },
  ],
  'a status that the rule does not name is final': [
    { rule: retryOnly([404, 429]) },
    [404, 403],
    { ends: 'status 403', requests: 2, seconds: 1 },
  ],
  'the rule for named statuses leaves 503 as usual': [
    { retries: 0, rule: retryOnly([404]) },
    [503, 200],
    { ends: 200, requests: 2, seconds: 1 },
  ],
  'nothing is tried again': [{ rule: neverRetry }, ['refused'], { ends: 'refused', requests: 1, seconds: 0 }],
  'an empty body that the rule does not accept': [
    { rule: (outcome) => (!(outcome instanceof HttpFailure) && outcome.body.length === 0 ? 'retry' : undefined) },
    [{ status: 200 }, 200],
    { ends: 200, requests: 2, seconds: 1 },
  ],
  'waits that grow': [
    { retries: 5, secondsBetween: (tryNumber) => [2, 3, 5, 8, 13][tryNumber - 1] ?? 13 },
    [500],
    { ends: 'status 500', requests: 6, seconds: 31 },
  ],
  'the limit of all together ends endless retries': [
    { retries: Number.POSITIVE_INFINITY, maxWaitSeconds: 300 },
    [404],
    { ends: 'status 404', requests: 300, seconds: 299 },
  ],
}

for (const [what, [options, list, expected]] of Object.entries(cases)) {
  test(`a request with retries: ${what}`, async () => {
    const machine = answering(...list)
    const ends = await requestWithRetries(machine, { url }, options).then(
      ({ status }) => status,
      (error) => {
        if (error instanceof HttpStatusError) return `status ${error.status}`
        if (error instanceof HttpFailure) return error.reason
        throw error
      },
    )
    const seconds = machine.clock.monotonic() / 1000
    assert.deepEqual({ ends, requests: machine.requests.length, seconds }, expected)
  })
}

test('a request is made anew for each try when its headers change', async () => {
  const machine = answering(401, 200)
  await requestWithRetries(machine, async (tryNumber) => ({ url, headers: { token: `token ${tryNumber}` } }))
  assert.deepEqual(
    machine.requests.map((request) => request.headers?.['token']),
    ['token 1', 'token 2'],
  )
})

test('the timeout of a request is cut to the time left', async () => {
  const machine = answering('timeout')
  const promise = requestWithRetries(machine, { url }, { timeoutSeconds: 30, maxWaitSeconds: 70 })
  await assert.rejects(promise, HttpFailure)
  assert.deepEqual(
    machine.requests.map((request) => request.timeoutSeconds),
    [30, 30, 8],
  )
})

test('Retry-After is read as seconds or a date, and nonsense is a second', () => {
  const now = Date.UTC(2025, 0, 1, 12)
  const texts: [string | undefined, number][] = [
    [undefined, 1],
    ['5', 5],
    [' 2 ', 2],
    ['Wed, 01 Jan 2025 12:00:10 GMT', 10],
    ['Wed, 01 Jan 2020 12:00:10 GMT', 0],
    ['-5', 1],
    ['soon', 1],
    ['', 1],
    ['999999999', 120],
  ]
  for (const [text, seconds] of texts) assert.equal(retryAfterSeconds(text, now), seconds, text)
})

test('a body that is not what it should be is an error without a word of it', () => {
  const response = (body: string | Uint8Array) => httpResponse({ url, headers: { 'Content-Type': 'text/html' }, body })
  const cases: [() => unknown, RegExp][] = [
    [() => jsonObjectOf(response('<html>sesame')), /the answer \(12 bytes, text\/html\) is not JSON, or is cut short/],
    [() => jsonObjectOf(response('{"password": "sesame"')), /is not JSON/],
    [() => jsonObjectOf(response('["sesame"]')), /is JSON, but not a mapping/],
    [() => textOf(response(new Uint8Array([0xff, 0xfe]))), /is not UTF-8 text/],
  ]
  for (const [read, message] of cases) {
    assert.throws(read, (error) => {
      assert.ok(error instanceof HttpStatusError)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /sesame/)
      return true
    })
  }
})

test('waiting for a URL sleeps longer every fifth round and cuts the timeout to the time left', async () => {
  const machine = answering(500)
  assert.equal(await waitForUrl(machine, [{ url }], { maxWaitSeconds: 120, timeoutSeconds: 50 }), undefined)
  const timeouts = machine.requests.map((request) => request.timeoutSeconds)
  assert.deepEqual(timeouts.slice(-9), [50, 45, 39, 33, 27, 21, 15, 8, 1])
  assert.equal(machine.requests.length, 33)
  assert.equal(machine.clock.monotonic(), 119_000)
})

test('waiting for a URL tries the addresses in turn and tells which one answered', async () => {
  const machine = answering('refused', 404, { status: 200 }, { status: 200, body: 'id' })
  const found = await waitForUrl(machine, [{ url: 'http://one' }, { url: 'http://two' }], { maxWaitSeconds: 10 })
  assert.deepEqual([found?.index, found?.request.url, found?.response.text()], [1, 'http://two', 'id'])
  assert.deepEqual(
    machine.requests.map((request) => request.url),
    ['http://one', 'http://two', 'http://one', 'http://two'],
  )
  assert.deepEqual(machine.clock.slept, [1000])
})

test('waiting for a URL makes a single round when there is no time to wait', async () => {
  for (const maxWaitSeconds of [0, -1]) {
    const machine = answering('timeout')
    assert.equal(await waitForUrl(machine, [{ url }], { maxWaitSeconds, timeoutSeconds: 50 }), undefined)
    assert.deepEqual(
      machine.requests.map((request) => request.timeoutSeconds),
      [50],
    )
  }
})

test('waiting for a URL sleeps as long as it is told', async () => {
  const machine = answering(500, 500, 200)
  assert.ok(await waitForUrl(machine, [{ url }], { maxWaitSeconds: 100, sleepSeconds: 5 }))
  assert.deepEqual(machine.clock.slept, [5000, 5000])
})

test('waiting for a URL ends with what no waiting will mend', async () => {
  for (const order of ['in-turn', 'parallel'] as const) {
    const machine = answering('refused', 403)
    const final = (outcome: unknown): boolean => !(outcome instanceof HttpFailure)
    assert.equal(await waitForUrl(machine, [{ url }], { maxWaitSeconds: 100, order, final }), undefined)
    assert.equal(machine.requests.length, 2)
  }
})

/** Addresses with the milliseconds until they answer (or fail), and what comes of a race between them. */
const races: Record<
  string,
  [Record<string, [number, Said]>, { winner: string | undefined; started: number; after: number }]
> = {
  'a quick first address leaves the others alone': [
    { one: [100, 200], two: [0, 200] },
    { winner: 'one', started: 1, after: 100 },
  ],
  'a slow first address is joined by the second 150 ms later, and the quicker one wins': [
    { one: [1000, 200], two: [100, 200] },
    { winner: 'two', started: 2, after: 250 },
  ],
  'the first address may still win after the second has started': [
    { one: [200, 200], two: [1000, 200] },
    { winner: 'one', started: 2, after: 200 },
  ],
  'a first address that fails at once makes way': [
    { one: [0, 'unreachable'], two: [100, 200] },
    { winner: 'two', started: 2, after: 100 },
  ],
  'a failure of the quicker one does not end the slower one': [
    { one: [1000, 200], two: [100, 404] },
    { winner: 'one', started: 2, after: 1000 },
  ],
}

for (const [what, [addresses, expected]] of Object.entries(races)) {
  test(`in parallel: ${what}`, async () => {
    const machine = memoryMachine({
      http: async (request, { clock }) => {
        const [delay, said] = addresses[new URL(request.url).host] ?? [0, 404]
        await clock.pass(delay, request.signal)
        if (request.signal?.aborted) return new HttpFailure(request.url, 'aborted', 'aborted')
        if (typeof said === 'string') return new HttpFailure(request.url, said, said)
        return httpResponse({ url: request.url, status: typeof said === 'number' ? said : said.status, body: 'text' })
      },
    })
    const candidates = Object.keys(addresses).map((host) => ({ url: `http://${host}/` }))
    const found = await waitForUrl(machine, candidates, { maxWaitSeconds: 0, order: 'parallel' })
    assert.deepEqual(
      {
        winner: found && Object.keys(addresses)[found.index],
        started: machine.requests.length,
        after: machine.clock.monotonic(),
      },
      expected,
    )
    const losers = machine.requests.filter((request) => request.url !== found?.request.url)
    for (const loser of losers) assert.equal(loser.signal?.aborted, true)
  })
}
