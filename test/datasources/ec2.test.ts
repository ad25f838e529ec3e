import assert from 'node:assert/strict'
import { test } from 'node:test'
import ec2 from '../../datasources/ec2/index.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { objectAt } from '../../src/machine/json.ts'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'
import { ec2 as simulated } from '../../src/simulator/ec2.ts'
import { longestChain } from '../../src/simulator/request-log.ts'
import { onCloud } from './on-cloud.ts'
import { routedByIpv6 } from './routed-by-ipv6.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBR0P5Rc0pkG2+5B4M2JuM5LSIa4Lh0heguckX/iLo8 ada@example.test'
const userData = Buffer.from('#cloud-config\nhostname: web\n')
const aws = (): SimulatedCloud => simulated.create({ ...simulated.defaults, sshKeys: [key], userData })
const leases = { eth0: { routers: '172.31.16.1' }, eth1: { routers: '172.31.16.1' } }

test('an instance with two interfaces is read in a chain of six requests, each document once', async () => {
  const { context, timed, machine } = await onCloud(aws(), { leases })

  const data = await ec2.fetch(context)

  assert.equal(data?.instanceId, 'i-0f1e2d3c4b5a69788')
  assert.deepEqual(data.publicKeys, [key])
  assert.equal(data.region, 'eu-central-1')
  assert.deepEqual(Buffer.from(data.userData ?? []), userData)
  assert.deepEqual(objectAt(objectAt(data.metadata ?? {}, 'tags'), 'instance'), {
    Name: 'web-1',
    Environment: 'production',
    Empty: '',
  })
  const records = timed.map(({ start, end, url: asked }) => ({
    start,
    end,
    url: asked,
    method: 'GET',
    headers: {},
    body: '',
    status: 200,
  }))
  assert.equal(longestChain(records), 6)
  const urls = machine.requests.map((request) => request.url)
  assert.equal(new Set(urls).size, urls.length)
  assert.deepEqual(
    urls.filter((asked) => asked.includes('security-credentials')),
    [],
  )
})

test('secondary addresses and policy routing reach the network config', async () => {
  const { context } = await onCloud(aws(), { leases })
  const data = await ec2.fetch(context)
  const ethernets = objectAt(data?.networkConfig ?? {}, 'ethernets')
  assert.deepEqual(objectAt(ethernets, 'eth0')['addresses'], ['172.31.16.100/20'])
  assert.deepEqual(objectAt(ethernets, 'eth1')['routes'], [
    { to: '0.0.0.0/0', via: '172.31.16.1', table: 101 },
    { to: '172.31.16.0/20', table: 101 },
    { to: '2a05:d014:1:2::/64', table: 101 },
  ])
})

test('a token that is no longer accepted is renewed once for all requests', async () => {
  let firstToken: string | undefined
  let refused = 0
  const { context, machine } = await onCloud(aws(), {
    leases,
    instead: ({ url: asked, headers = {} }) => {
      const token = headers['X-aws-ec2-metadata-token']
      firstToken ??= token
      if (token === undefined || token !== firstToken || asked.endsWith('instance-id')) return undefined
      refused += 1
      return httpResponse({ url: asked, status: 401 })
    },
  })
  const data = await ec2.fetch(context)
  assert.equal(data?.availabilityZone, 'eu-central-1b')
  assert.deepEqual(Buffer.from(data.userData ?? []), userData)
  // User-data, the tree and the identity.
  assert.equal(refused, 3)
  assert.equal(machine.requests.filter(({ method }) => method === 'PUT').length, 2)
})

test('a leaf that can not be read is left out and named, and the rest is there', async () => {
  const { context, machine } = await onCloud(aws(), {
    leases,
    instead: ({ url: asked }) =>
      asked.endsWith('/meta-data/hostname') || asked.endsWith('/services/')
        ? httpResponse({ url: asked, status: 500 })
        : undefined,
  })
  const data = await ec2.fetch(context)
  assert.equal(data?.localHostname, 'ip-172-31-16-10.eu-central-1.compute.internal')
  assert.equal(data.metadata?.['hostname'], undefined)
  assert.equal(data.metadata?.['services'], undefined)
  const warnings = machine.records.filter(({ level }) => level === 'WARNING').map(({ message }) => message)
  assert.equal(warnings.length, 2)
  assert.match(warnings.join('\n'), /hostname is left out.*500/)
})

test('what a metadata service may do wrong ends in bounded time', async (t) => {
  const silent = (asked: string) => new HttpFailure(asked, 'timeout', 'no answer')
  const cases = [
    { name: 'silence', instead: silent, seconds: 240 },
    { name: 'a refusal', instead: (asked: string) => httpResponse({ url: asked, status: 403 }), seconds: 1 },
    { name: 'overload for ever', instead: (asked: string) => httpResponse({ url: asked, status: 503 }), seconds: 240 },
    { name: 'empty bodies', instead: (asked: string) => httpResponse({ url: asked, body: '' }), seconds: 240 },
  ]
  for (const { name, instead, seconds } of cases) {
    await t.test(name, async () => {
      const { context, machine } = await onCloud(aws(), { instead: ({ url: asked }) => instead(asked) })
      assert.equal(await ec2.fetch(context), undefined)
      assert.ok(machine.clock.monotonic() <= seconds * 1000 + 1000, `${machine.clock.monotonic()} ms`)
    })
  }
})

test('a metadata root that is never readable is an error, not an instance without metadata', async () => {
  const { context } = await onCloud(aws(), {
    instead: ({ url: asked }) =>
      asked.endsWith('/meta-data/') ? httpResponse({ url: asked, status: 500 }) : undefined,
  })
  await assert.rejects(ec2.fetch(context), /meta-data\/.*500/)
})

test('a cloud that is not known is asked only when strict_id allows it', async () => {
  const unknown = { ...aws(), dmi: {} }
  const { context, machine } = await onCloud(unknown, { settings: { strict_id: true } })
  assert.equal(await ec2.fetch(context), undefined)
  assert.equal(machine.requests.length, 0)
})

test('addresses in the settings that do not resolve give way to the usual ones', async () => {
  const { context } = await onCloud(aws(), {
    leases,
    settings: { metadata_urls: ['http://metadata.invalid/'] },
    instead: ({ url: asked }) =>
      asked.startsWith('http://metadata.invalid') ? new HttpFailure(asked, 'unresolved', 'no such host') : undefined,
  })
  assert.equal((await ec2.fetch(context))?.subplatform, 'metadata (http://169.254.169.254)')
})

test('before the network is up a lease is held only while the metadata is read', async () => {
  const { context, machine } = await onCloud(aws(), { leases, stage: 'local' })
  const data = await ec2.fetch(context)
  assert.equal(data?.fallbackLink, 'eth0')
  assert.deepEqual(
    machine.linkCalls.map(({ call, link }) => `${call} ${link}`),
    ['dhcp eth0', 'release eth0', 'dhcp eth1', 'release eth1'],
  )
})

test('disks go by the names that exist on this machine', async () => {
  const { context } = await onCloud(aws(), { leases, files: { '/dev/xvda': { device: true } } })
  const data = await ec2.fetch(context)
  assert.ok(data)
  const cases = [
    ['ami', '/dev/xvda'],
    ['root', '/dev/xvda'],
    ['ephemeral0', undefined],
    ['swap', undefined],
  ] as const
  for (const [name, device] of cases) assert.equal(ec2.deviceOf?.(context, data, name), device, name)
})

test('a seed folder stands in for the service, before the network is up', async () => {
  const { context, machine } = await onCloud(aws(), {
    stage: 'local',
    files: {
      '/var/lib/cloud/seed/ec2/meta-data': 'instance-id: i-seed\nlocal-hostname: seeded.example\n',
      '/var/lib/cloud/seed/ec2/user-data': userData,
    },
  })
  const data = await ec2.fetch(context)
  assert.equal(data?.instanceId, 'i-seed')
  assert.equal(data.localHostname, 'seeded.example')
  assert.equal(data.subplatform, 'seed-dir (/var/lib/cloud/seed/ec2)')
  assert.equal(machine.requests.length, 0)
})

test('where only IPv6 answers, the metadata is read by it, and the link is put back', async () => {
  const { context, machine } = await onCloud(aws(), {
    stage: 'local',
    files: routedByIpv6('eth0'),
    instead: ({ url: asked }) =>
      asked.startsWith('http://169.254.') ? new HttpFailure(asked, 'unreachable', 'network unreachable') : undefined,
  })
  const data = await ec2.fetch(context)
  assert.equal(data?.subplatform, 'metadata (http://[fd00:ec2::254])')
  assert.equal(data.fallbackLink, 'eth0')
  assert.deepEqual(
    machine.linkCalls.slice(0, 3).map(({ call, link }) => `${call} ${link}`),
    ['up eth0', 'dhcp eth0', 'release eth0'],
  )
})

test('IPv6 that leads nowhere is given up soon, and a lease is waited for again', async () => {
  const { context, machine } = await onCloud(aws(), {
    stage: 'local',
    files: routedByIpv6('eth0'),
    instead: ({ url: asked }) => new HttpFailure(asked, 'timeout', 'no answer'),
  })
  assert.equal(await ec2.fetch(context), undefined)
  assert.ok(machine.clock.monotonic() < 20_000, `${machine.clock.monotonic()} ms`)
  assert.deepEqual(
    machine.linkCalls.filter(({ link }) => link === 'eth0').map(({ call }) => call),
    ['up', 'dhcp', 'dhcp', 'dhcp', 'release'],
  )
})
