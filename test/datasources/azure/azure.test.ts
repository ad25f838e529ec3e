import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verify } from 'unixcrypt'
import azure from '../../../datasources/azure/index.ts'
import type { InstanceData } from '../../../src/instance/instance-data.ts'
import { HttpFailure } from '../../../src/machine/errors.ts'
import { type JsonObject, objectAt, textAt } from '../../../src/machine/json.ts'
import type { MemoryMachine } from '../../../src/machine/memory.ts'
import { contextFor } from '../made-up-cloud.ts'
import {
  type Azure,
  azureMachine,
  goalState,
  lease,
  ordinaryImds,
  ovfEnv,
  reports,
  systemUuid,
} from './made-up-azure.ts'

const fetchOn = async (
  machine: MemoryMachine,
  settings: JsonObject = {},
): Promise<InstanceData & { readonly error?: string }> => {
  try {
    const data = await azure.fetch(await contextFor(machine, 'local', settings))
    assert.ok(data)
    return data
  } catch (error) {
    return { instanceId: '', error: String(error) }
  }
}

test('metadata and goal state are asked for at once, and ready is reported: two answers to wait for', async () => {
  const machine = azureMachine()
  const data = await fetchOn(machine)
  assert.equal(data.localHostname, 'web-1')
  assert.equal(data.region, 'westeurope')
  assert.equal(data.instanceId, systemUuid)
  assert.equal(data.subplatform, 'config-disk (/dev/sr0)')
  assert.equal(machine.clock.monotonic(), 40)
  assert.equal(machine.requests.length, 3)
  assert.deepEqual(reports(machine), ['Ready'])
  assert.deepEqual(machine.linkCalls, [
    { call: 'dhcp', link: 'eth0' },
    { call: 'release', link: 'eth0' },
  ])
})

test('the copy for WALinuxAgent is readable by root alone, and the password is nowhere but in a hash', async () => {
  const password = 'correct horse battery'
  const machine = azureMachine({ ovf: ovfEnv(`<UserPassword>${password}</UserPassword>`) })
  const data = await fetchOn(machine)
  const user = objectAt(objectAt(data.config ?? {}, 'system_info'), 'default_user')
  assert.ok(verify(password, textAt(user, 'hashed_passwd') ?? ''))
  assert.equal(user['lock_passwd'], false)
  assert.equal(data.config?.['ssh_pwauth'], true)
  const tree = machine.tree()
  assert.equal(tree['/var/lib/waagent']?.mode, 0o700)
  assert.equal(tree['/var/lib/waagent/ovf-env.xml']?.mode, 0o600)
  assert.match(tree['/var/lib/waagent/ovf-env.xml']?.content ?? '', /UserPassword>REDACTED</)
  const said = JSON.stringify([machine.records, machine.journal.entries, Object.values(tree), machine.requests, data])
  assert.ok(!said.includes(password))
})

test('the next boot finds the copy where the disc was, and keeps the password that was set', async () => {
  const first = azureMachine({ ovf: ovfEnv('<UserPassword>Password1!</UserPassword>') })
  await fetchOn(first)
  const copy = first.tree()['/var/lib/waagent/ovf-env.xml']?.content ?? ''
  const machine = azureMachine({ ovf: null, files: { '/var/lib/waagent/ovf-env.xml': copy } })
  const data = await fetchOn(machine)
  assert.equal(data.subplatform, 'seed-dir (/var/lib/waagent)')
  assert.equal(data.localHostname, 'web-1')
  const user = objectAt(objectAt(data.config ?? {}, 'system_info'), 'default_user')
  assert.deepEqual(user, { name: 'ada', lock_passwd: false })
  assert.equal(machine.tree()['/var/lib/waagent/ovf-env.xml']?.content, copy)
})

test('without a disc a copy is made that names the machine; one without a name does not become a name', async () => {
  const first = azureMachine({ ovf: null })
  assert.equal((await fetchOn(first)).subplatform, 'imds (IMDS)')
  const copy = first.tree()['/var/lib/waagent/ovf-env.xml']?.content ?? ''
  assert.match(copy, /HostName>None</)
  const data = await fetchOn(azureMachine({ ovf: null, files: { '/var/lib/waagent/ovf-env.xml': copy } }))
  assert.equal(data.localHostname, undefined)
})

const keyElement = (parts: string): string => `<SSH><PublicKeys><PublicKey>${parts}</PublicKey></PublicKeys></SSH>`

test('a key given by value is there whatever the wire server says about certificates', async () => {
  const ovf = ovfEnv(keyElement('<Fingerprint>AB</Fingerprint><Path>p</Path><Value>ssh-ed25519 AAAA ada</Value>'))
  for (const certificates of ['', '<Certificates>http://168.63.129.16:80/x?comp=certificates</Certificates>']) {
    const machine = azureMachine({ ovf, goalState: goalState(certificates) })
    assert.deepEqual((await fetchOn(machine)).publicKeys, ['ssh-ed25519 AAAA ada'])
    assert.deepEqual(reports(machine), ['Ready'])
  }
  const unreachable = azureMachine({
    ovf,
    goalState: new HttpFailure('http://168.63.129.16', 'unreachable', 'no route'),
  })
  assert.deepEqual((await fetchOn(unreachable)).publicKeys, ['ssh-ed25519 AAAA ada'])
})

test('keys of the metadata come first; line breaks in them are taken out', async () => {
  const publicKeys = [{ keyData: 'ssh-rsa AAAA\r\nBBBB ada\r\n' }]
  const imds = { ...ordinaryImds, compute: { publicKeys } }
  const machine = azureMachine({ imds, ovf: ovfEnv(keyElement('<Value>ssh-ed25519 AAAA other</Value>')) })
  assert.deepEqual((await fetchOn(machine)).publicKeys, ['ssh-rsa AAAABBBB ada'])
})

test('custom data of the disc is the user-data; without any it is what the metadata has', async () => {
  const imds = { ...ordinaryImds, compute: { userData: Buffer.from('metadata').toString('base64') } }
  const custom = `<CustomData>${Buffer.from('disc').toString('base64')}</CustomData>`
  const both = await fetchOn(azureMachine({ imds, ovf: ovfEnv(custom) }))
  assert.equal(Buffer.from(both.userData ?? '').toString(), 'disc')
  const one = await fetchOn(azureMachine({ imds }))
  assert.equal(Buffer.from(one.userData ?? '').toString(), 'metadata')
})

test('a failure that was reported stands: ready is not reported after it', async () => {
  const machine = azureMachine({ imds: { status: 401 } })
  const data = await fetchOn(machine)
  assert.equal(data.localHostname, 'web-1')
  assert.equal(reports(machine).length, 1)
  assert.match(reports(machine)[0] ?? '', /^result=error\|reason=http error 401 querying IMDS\|/)
})

test('a report that does not get through is no reason to stop', async () => {
  const machine = azureMachine({ health: { status: 500 } })
  const data = await fetchOn(machine, { wireserver_timeout: 30 })
  assert.equal(data.localHostname, 'web-1')
  assert.ok(machine.clock.monotonic() <= 60_000)
  assert.ok(machine.records.some(({ message }) => message.startsWith('Azure could not be told')))
})

test('endpoints of the configuration win over those of the lease', async () => {
  const machine = azureMachine()
  await fetchOn(machine, { imds_url: 'http://127.0.0.1:8080/metadata', wireserver_endpoint: '127.0.0.1:8081' })
  const hosts = new Set(machine.requests.map(({ url }) => new URL(url).host))
  assert.deepEqual(hosts, new Set(['127.0.0.1:8080', '127.0.0.1:8081']))
})

const brokenMedia: Readonly<Record<string, readonly [ovf: string, reason: RegExp]>> = {
  'is cut off': [ovfEnv().slice(0, 300), /^result=error\|reason=error parsing ovf-env.xml: /],
  'is not XML': ['hello', /reason=error parsing ovf-env.xml: /],
  'is empty': ['', /reason=error parsing ovf-env.xml: no element found\|/],
  'is a bomb of entities': [
    `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${ovfEnv('<CustomData>&b;</CustomData>').slice(39)}`,
    /reason=error parsing ovf-env.xml: /,
  ],
  'has no host name': [ovfEnv().replace(/<HostName>.*<\/HostName>/, ''), /missing configuration for ''HostName''/],
  'has two user names': [ovfEnv('<UserName>eve</UserName>'), /multiple configuration matches for ''UserName'' \(2\)/],
  'has too long a password': [
    ovfEnv(`<UserPassword>${'x'.repeat(73)}</UserPassword>`),
    /unsupported password length=73/,
  ],
  'has custom data that is not base64': [
    ovfEnv('<CustomData>abc</CustomData>'),
    /CustomData in ovf-env.xml is not base64/,
  ],
  'is larger than a megabyte': [
    ovfEnv(`<CustomData>${'A'.repeat(1 << 20)}</CustomData>`),
    /larger than|too large|at most/,
  ],
}
for (const [what, [ovf, reason]] of Object.entries(brokenMedia)) {
  test(`media that ${what} is reported to the fabric at once`, async () => {
    const machine = azureMachine({ ovf })
    assert.match((await fetchOn(machine)).error ?? '', /^DatasourceError: Azure: /)
    assert.equal(reports(machine).length, 1)
    assert.match(reports(machine)[0] ?? '', reason)
    assert.ok(machine.clock.monotonic() < 1000)
  })
}

const misbehaviours: Readonly<Record<string, NonNullable<Azure['goalState']>>> = {
  'is silent': new HttpFailure('http://x', 'timeout', 'no answer'),
  'refuses connections': new HttpFailure('http://x', 'refused', 'connection refused'),
  'sends an endless body': new HttpFailure('http://x', 'too-large', 'more than 16 MiB'),
  'answers 401': { status: 401 },
  'answers 404': { status: 404 },
  'answers 500': { status: 500 },
  'answers 503 for ever': { status: 503, headers: { 'retry-after': '99999' } },
  'answers with a page': '<html>\n<title>Log in</title>\n</html>',
  'answers with truncated JSON': '{"compute": {"location": "w',
}
const longestMinutes = 41
for (const [what, answer] of Object.entries(misbehaviours)) {
  test(`a machine with media comes up in bounded time when Azure ${what}`, async () => {
    const machine = azureMachine({ imds: answer, goalState: answer, health: answer })
    const data = await fetchOn(machine)
    assert.equal(data.localHostname, 'web-1')
    assert.deepEqual(Object.keys(objectAt(data.networkConfig ?? {}, 'ethernets')), ['eth0'])
    assert.ok(machine.clock.monotonic() <= longestMinutes * 60_000, `${machine.clock.monotonic()} ms`)
    assert.ok(machine.records.some(({ level }) => level === 'WARNING'))
    assert.equal(machine.linkCalls.filter(({ call }) => call === 'release').length, machine.linkCalls.length / 2)
  })
  test(`a machine without media gives Azure up in bounded time when it ${what}`, async () => {
    const machine = azureMachine({ ovf: null, imds: answer, goalState: answer, health: answer })
    assert.equal((await fetchOn(machine)).error, 'DatasourceError: Azure: No OVF or IMDS available')
    assert.ok(machine.clock.monotonic() <= longestMinutes * 60_000, `${machine.clock.monotonic()} ms`)
  })
}

test('a machine in the pool waits for its user, and is then provisioned from what is handed out', async () => {
  let asked = 0
  const inPool = { ...ordinaryImds, extended: { compute: { ppsType: 'Running' } } }
  const machine = azureMachine({
    imds: JSON.stringify(inPool),
    reprovisionData: ovfEnv('<CustomData>dXNlcg==</CustomData>').replace('web-1', 'customer'),
    onRequest: ({ method, url }, self) => {
      if (url.includes('reprovisiondata')) asked += 1
      if (method !== 'POST') return
      assert.ok(!self.files.exists('/var/lib/cloud/data/reported_ready') || asked > 0)
      self.files.write('/sys/class/net/eth0/carrier_down_count', '1\n')
    },
  })
  const data = await fetchOn(machine)
  assert.equal(data.localHostname, 'customer')
  assert.equal(Buffer.from(data.userData ?? '').toString(), 'user')
  // The metadata still calls it a machine of the pool: that is a failure.
  assert.deepEqual(
    reports(machine).map((report) => report.split('|', 2).join('|')),
    ['Ready', 'result=error|reason=invalid IMDS metadata for key=extended.compute.ppsType'],
  )
})

test('a machine that was cut off in the pool goes on waiting, without another report', async () => {
  const machine = azureMachine({
    files: { '/var/lib/cloud/data/reported_ready': '1: 2\n' },
    reprovisionData: ovfEnv().replace('web-1', 'customer'),
  })
  assert.equal((await fetchOn(machine)).localHostname, 'customer')
  assert.deepEqual(reports(machine), ['Ready'])
  assert.equal(machine.files.exists('/var/lib/cloud/data/reported_ready'), false)
})

test('an id in upper case or byte-swapped is still the same instance', async () => {
  const swapped = '544CDFD0-CB4E-4B4A-9954-5BDF3ED5C3B8'
  for (const previous of [systemUuid.toUpperCase(), swapped]) {
    const machine = azureMachine({ files: { '/var/lib/cloud/data/instance-id': `${previous}\n` } })
    assert.equal((await fetchOn(machine)).instanceId, previous)
  }
})

test('a lease without routes says little: the metadata service is asked, but not for long', async () => {
  const { 'rfc3442-classless-static-routes': _routes, ...poor } = lease
  const machine = azureMachine({ imds: new HttpFailure('http://x', 'refused', 'connection refused') })
  Object.assign(machine, { links: { ...machine.links, dhcp: async () => ({ interface: 'eth0', options: poor }) } })
  await fetchOn(machine)
  assert.equal(machine.requests.filter(({ url }) => url.includes('/metadata/')).length, 11)
  assert.deepEqual(reports(machine), ['Ready'])
})
