import assert from 'node:assert/strict'
import { test } from 'node:test'
import gce from '../../datasources/gce/index.ts'
import { publicKeysFor } from '../../datasources/gce/keys.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { contextFor, madeUpMachine, serving } from './made-up-cloud.ts'
import { routedByIpv6 } from './routed-by-ipv6.ts'

const base = 'http://metadata.google.internal/computeMetadata/v1/'
const documents = {
  [`${base}instance/id`]: '4520031799277581759',
  [`${base}instance/zone`]: 'projects/12/zones/europe-west1-b',
  [`${base}instance/hostname`]: 'web.c.shop.internal',
  [`${base}instance/attributes/?recursive=True`]:
    '{"ssh-keys": "debian:ssh-ed25519 AAAA a@b", "user-data": "#!/bin/sh"}',
  [`${base}project/attributes/?recursive=True`]: '{"ssh-keys": "debian:ssh-rsa BBBB\\nother:ssh-rsa CCCC"}',
}
const dmi = { product_name: 'Google Compute Engine' }

test('an instance is read with five requests that do not wait for each other', async () => {
  const machine = madeUpMachine({
    dmi,
    http: async (request, { clock }) => {
      await clock.pass(20)
      return serving(documents)(request)
    },
  })
  const data = await gce.fetch(await contextFor(machine, 'network'))
  assert.equal(data?.instanceId, '4520031799277581759')
  assert.equal(data.localHostname, 'web')
  assert.deepEqual([data.availabilityZone, data.region], ['europe-west1-b', 'europe-west1'])
  assert.deepEqual(data.publicKeys, ['ssh-ed25519 AAAA a@b', 'ssh-rsa BBBB'])
  assert.equal(Buffer.from(data.userData ?? []).toString(), '#!/bin/sh')
  assert.equal(machine.requests.length, 5)
  assert.ok(machine.requests.every(({ headers }) => headers?.['Metadata-Flavor'] === 'Google'))
  assert.equal(machine.clock.monotonic(), 20)
})

test('attributes that nobody set cost no waiting', async () => {
  const [id, zone, hostname] = Object.entries(documents)
  const machine = madeUpMachine({
    dmi,
    http: serving(Object.fromEntries([id, zone, hostname].flatMap((d) => (d ? [d] : [])))),
  })
  const data = await gce.fetch(await contextFor(machine, 'network'))
  assert.equal(data?.instanceId, '4520031799277581759')
  assert.deepEqual(data.publicKeys, [])
  assert.equal(data.userData, undefined)
  assert.equal(machine.clock.monotonic(), 0)
})

test('without a name server there is no metadata server, and nothing is waited for', async () => {
  const http = ({ url }: { url: string }) => new HttpFailure(url, 'unresolved', 'no such name')
  const machine = madeUpMachine({ dmi, http })
  assert.equal(await gce.fetch(await contextFor(machine, 'network')), undefined)
  assert.equal(machine.clock.monotonic(), 0)
  assert.deepEqual(
    machine.records.filter(({ level }) => level === 'WARNING'),
    [],
  )
})

test('on a link without a resolver the metadata server is asked by its address', async () => {
  const named = serving(documents)
  const machine = madeUpMachine({
    dmi,
    http: ({ url }) =>
      url.startsWith('http://169.254.169.254/')
        ? named({ url: url.replace('169.254.169.254', 'metadata.google.internal') })
        : new HttpFailure(url, 'unresolved', 'no such name'),
  })
  const data = await gce.fetch(await contextFor(machine, 'network'))
  assert.equal(data?.instanceId, '4520031799277581759')
  assert.equal(data.subplatform, 'metadata (http://169.254.169.254/computeMetadata/v1/)')
})

test('before the network is up each link is tried with a lease of its own, which is always given back', async () => {
  const machine = madeUpMachine({
    dmi,
    nics: { ens5: '42:01:0a:00:00:05', ens4: '42:01:0a:00:00:04', ens10: '42:01:0a:00:00:10' },
    leases: { ens5: {}, ens10: {} },
    http: ({ url }, { linkCalls }) =>
      linkCalls.at(-1)?.link === 'ens10' ? serving(documents)({ url }) : httpResponse({ url, status: 403 }),
  })
  const data = await gce.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.fallbackLink, 'ens10')
  assert.deepEqual(
    machine.linkCalls.map(({ call, link }) => `${call} ${link}`),
    ['dhcp ens4', 'release ens4', 'dhcp ens5', 'release ens5', 'dhcp ens10', 'release ens10'],
  )
})

test('without a lease the metadata server is asked at its address of IPv6', async () => {
  const named = serving(documents)
  const machine = madeUpMachine({
    dmi,
    nics: { ens4: '42:01:0a:00:00:04' },
    http: ({ url }) =>
      url.startsWith('http://[fd20:ce::254]/')
        ? named({ url: url.replace('[fd20:ce::254]', 'metadata.google.internal') })
        : new HttpFailure(url, 'unresolved', 'no such name'),
  })
  for (const [path, text] of Object.entries(routedByIpv6('ens4'))) machine.files.write(path, text)
  const data = await gce.fetch(await contextFor(machine, 'local'))
  assert.equal(data?.instanceId, '4520031799277581759')
  assert.deepEqual(
    machine.linkCalls.map(({ call }) => call),
    ['up', 'dhcp', 'release'],
  )
})

test('a key counts for the default user and for cloudinit, until it expires', () => {
  const key = (expireOn: string) => `debian:ssh-rsa K google-ssh {"userName":"a","expireOn":"${expireOn}"}`
  const table: [line: string, isTaken: boolean][] = [
    ['debian:ssh-rsa K', true],
    ['cloudinit:ssh-rsa K', true],
    ['root:ssh-rsa K', false],
    ['ssh-rsa K', false],
    ['debian:ssh-rsa Ké', false],
    [key('2024-12-31T23:59:59+0000'), false],
    [key('2025-01-02T00:00:00+0000'), true],
    [key('yesterday'), true],
    ['debian:ssh-rsa K google-ssh {', true],
    ['debian:ssh-rsa K google-ssh null', true],
  ]
  for (const [line, isTaken] of table) {
    const taken = publicKeysFor([line], 'debian', Date.parse('2025-01-01T12:00:00Z'))
    assert.deepEqual(taken, isTaken ? [line.slice(line.indexOf(':') + 1)] : [], line)
  }
})

test('host keys are put into guest attributes, and one that is refused does not stop the others', async () => {
  const machine = madeUpMachine({
    dmi,
    http: ({ url }) => httpResponse({ url, status: url.endsWith('ssh-rsa') ? 503 : 200 }),
  })
  await gce.publishHostKeys?.(await contextFor(machine, 'network'), ['ssh-rsa AAA root@x', 'ssh-ed25519 BBB'])
  assert.deepEqual(
    machine.requests.map(({ method, url, body }) => [method, url.replace(base, ''), body]),
    [
      ['PUT', 'instance/guest-attributes/hostkeys/ssh-rsa', 'AAA'],
      ['PUT', 'instance/guest-attributes/hostkeys/ssh-ed25519', 'BBB'],
    ],
  )
  assert.match(machine.records.at(-1)?.message ?? '', /ssh-rsa host key is not published/)
})
