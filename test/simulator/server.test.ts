import assert from 'node:assert/strict'
import { get, request } from 'node:http'
import { test } from 'node:test'
import { type Fault, longestChain, type RequestRecord, startSimulator } from '../../src/simulator/index.ts'

interface Answer {
  readonly status: number
  readonly body: string
}

const ask = (url: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
      response.on('error', reject)
    })
      .on('error', reject)
      .end()
  })

test('EC2 answers nothing without a token, and gives one only for a PUT that says how long', async (context) => {
  const { address, stop } = await startSimulator({ cloud: 'ec2' })
  context.after(stop)
  const token = `${address}/latest/api/token`
  const id = `${address}/latest/meta-data/instance-id`
  assert.equal((await ask(id)).status, 401)
  assert.equal((await ask(token)).status, 405)
  assert.equal((await ask(token, { method: 'PUT' })).status, 400)
  const long = { 'X-aws-ec2-metadata-token-ttl-seconds': '21601' }
  assert.equal((await ask(token, { method: 'PUT', headers: long })).status, 400)
  const { body } = await ask(token, { method: 'PUT', headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' } })
  const headers = { 'X-aws-ec2-metadata-token': body }
  assert.deepEqual(await ask(id, { headers }), { status: 200, body: 'i-0f1e2d3c4b5a69788' })
  assert.equal((await ask(id, { headers: { 'X-aws-ec2-metadata-token': 'made up' } })).status, 401)
  assert.equal((await ask(`${address}/latest/meta-data/none`, { headers })).status, 404)
  assert.equal((await ask(`${address}/latest/user-data`, { headers })).status, 404)
  assert.match((await ask(`${address}/latest/meta-data/`, { headers })).body, /^ami-id\n[\s\S]*\nnetwork\/\n/)
  assert.match((await ask(`${address}/2021-03-23/meta-data/public-keys/`, { headers })).body, /^0=\S+\n1=\S+$/)
})

test('Google wants its header, lists folders, and gives them whole as JSON', async (context) => {
  const { address, stop } = await startSimulator({ cloud: 'gce', userData: 'hello' })
  context.after(stop)
  const base = `${address}/computeMetadata/v1`
  const headers = { 'Metadata-Flavor': 'Google' }
  assert.equal((await ask(`${base}/instance/id`)).status, 403)
  assert.equal((await ask(`${base}/instance/id`, { headers })).body, '4711081547110815471')
  assert.equal((await ask(`${base}/instance/nothing`, { headers })).status, 404)
  assert.equal((await ask(`${base}/`, { headers })).body, 'instance/\nproject/\n')
  const attributes = JSON.parse((await ask(`${base}/instance/attributes/?recursive=True`, { headers })).body)
  assert.equal(attributes['user-data'], 'hello')
  const all = JSON.parse((await ask(`${base}/?recursive=true&alt=json`, { headers })).body)
  assert.equal(all.instance.attributes['user-data'], 'hello')
  assert.equal(all.instance.networkInterfaces['0'].mac, '42:01:0a:9c:00:05')
  const key = `${base}/instance/guest-attributes/hostkeys/ssh-ed25519`
  assert.equal((await ask(key, { method: 'PUT', headers })).status, 204)
})

test('Azure wants its headers, and a version', async (context) => {
  const { address, stop } = await startSimulator({ cloud: 'azure' })
  context.after(stop)
  const instance = `${address}/metadata/instance?api-version=2021-08-01&extended=true`
  assert.equal((await ask(instance)).status, 400)
  assert.equal((await ask(`${address}/metadata/instance`, { headers: { Metadata: 'true' } })).status, 400)
  assert.equal(JSON.parse((await ask(instance, { headers: { Metadata: 'true' } })).body).compute.osType, 'Linux')
  assert.match((await ask(`${address}/?comp=versions`)).body, /<Version>2012-11-30</)
  const goalState = `${address}/machine/?comp=goalstate`
  assert.equal((await ask(goalState)).status, 400)
  assert.match((await ask(goalState, { headers: { 'x-ms-version': '2012-11-30' } })).body, /<ContainerId>/)
})

test('services misbehave in each of the ways a boot must bear', async (context) => {
  const faults: readonly [Fault, (first: Answer, second: Answer) => void][] = [
    [{ kind: 'status', status: 500 }, (first) => assert.equal(first.status, 500)],
    [
      { kind: 'unavailable', requests: 1, retryAfter: 2 },
      (first, second) => assert.deepEqual([first.status, second.status], [503, 200]),
    ],
    [{ kind: 'html' }, (first) => assert.match(first.body, /^<!DOCTYPE html>/)],
    [{ kind: 'truncated' }, (first) => assert.throws(() => JSON.parse(first.body))],
  ]
  for (const [fault, check] of faults) {
    const { address, stop } = await startSimulator({ cloud: 'digitalocean', fault })
    context.after(stop)
    const url = `${address}/metadata/v1.json`
    check(await ask(url), await ask(url))
  }
})

test('an answer can come byte by byte', async (context) => {
  const fault = { kind: 'trickle', milliseconds: 1 } as const
  const { address, stop } = await startSimulator({ cloud: 'digitalocean', fault })
  context.after(stop)
  assert.equal((await ask(`${address}/metadata/v1/id`)).body, '471108154')
})

test('a connection that is cut, and an answer without end, end when the client hangs up', async (context) => {
  const cut = await startSimulator({ cloud: 'digitalocean', fault: { kind: 'reset' } })
  context.after(cut.stop)
  await assert.rejects(ask(`${cut.address}/metadata/v1.json`))

  const endless = await startSimulator({ cloud: 'digitalocean', fault: { kind: 'endless' } })
  context.after(endless.stop)
  const received = await new Promise<number>((resolve) => {
    let size = 0
    const asking = get(`${endless.address}/metadata/v1.json`, (response) => {
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size < 1_000_000) return
        asking.destroy()
        resolve(size)
      })
      response.on('error', () => undefined)
    }).on('error', () => undefined)
  })
  assert.ok(received >= 1_000_000)
})

test('only the paths that a fault names are hit by it', async (context) => {
  const fault = { kind: 'status', status: 500, paths: /hostname/ } as const
  const { address, stop } = await startSimulator({ cloud: 'digitalocean', fault })
  context.after(stop)
  assert.equal((await ask(`${address}/metadata/v1/hostname`)).status, 500)
  assert.equal((await ask(`${address}/metadata/v1/id`)).status, 200)
})

test('the longest chain counts requests that waited for each other, not those side by side', () => {
  const at = (start: number, end: number | undefined): RequestRecord => ({
    method: 'GET',
    url: '/',
    headers: {},
    body: '',
    status: 200,
    start,
    end,
  })
  const cases: [RequestRecord[], number][] = [
    [[], 0],
    [[at(0, 10), at(0, 10), at(5, 12)], 1],
    [[at(0, 10), at(10, 20), at(11, 21), at(25, 30)], 3],
    [[at(0, undefined), at(10, 20)], 1],
  ]
  for (const [records, expected] of cases) assert.equal(longestChain(records), expected)
})
