import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBase64 } from '../../../datasources/azure/base64.ts'
import { asProvisioningFailure, encodeFailure, ProvisioningFailure } from '../../../datasources/azure/failure.ts'
import { healthReport } from '../../../datasources/azure/health.ts'
import { byteSwapped, vmIdOf } from '../../../datasources/azure/identity.ts'
import { readLease } from '../../../datasources/azure/lease.ts'
import { isOpensshKey } from '../../../datasources/azure/openssh-key.ts'
import { freshSalt, hashPassword } from '../../../datasources/azure/password.ts'
import { readSettings } from '../../../datasources/azure/settings.ts'
import { parseXml, textOf, writeXml } from '../../../datasources/azure/xml.ts'
import { memoryMachine } from '../../../src/machine/memory.ts'

const refused: Readonly<Record<string, string>> = {
  'an empty text': '',
  'no XML': 'hello',
  'a cut off tag': '<a',
  'an open root': '<a><b></b>',
  'crossed tags': '<a><b></a></b>',
  'an unbound prefix': '<x:a/>',
  'an entity of its own': '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
  'an entity bomb': '<!DOCTYPE a [<!ENTITY a "xxxxxxxx"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;&b;&b;</a>',
  'an outside entity': '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/shadow">]><a>&e;</a>',
  'deep nesting': '<a>'.repeat(65) + '</a>'.repeat(65),
  'more than a megabyte': `<a>${' '.repeat(1 << 20)}</a>`,
}
for (const [what, document] of Object.entries(refused)) {
  test(`a document with ${what} is refused`, async () => {
    await assert.rejects(parseXml(document), { code: 'FL_XML' })
  })
}

const rewritten: readonly (readonly [document: string, written: string])[] = [
  ['\uFEFF<?xml version="1.0"?><a/>', '<a />'],
  ['<a>x &amp; y &lt;<![CDATA[ <&> ]]></a>', '<a>x &amp; y &lt; &lt;&amp;&gt; </a>'],
  ['<a>one<b/>two<!-- three -->four</a>', '<a>one<b />twofour</a>'],
  ['<q:a xmlns:q="urn:1"><b xmlns="urn:2"/></q:a>', '<ns0:a xmlns:ns0="urn:1" xmlns:ns1="urn:2"><ns1:b /></ns0:a>'],
  ['<a title="&quot;&#10;é">ü</a>', '<a title="&quot;&#10;&#233;">&#252;</a>'],
]
for (const [document, written] of rewritten) {
  test(`${JSON.stringify(document)} is read and written as ${written}`, async () => {
    assert.equal(writeXml(await parseXml(document)), written)
  })
}

test('the text of an element ends where its first child element begins', async () => {
  assert.equal(textOf(await parseXml('<a>one<b>two</b>three</a>')), 'one')
  assert.equal(textOf(await parseXml('<a><b>two</b></a>')), undefined)
})

const base64: readonly (readonly [text: string, decoded: string | undefined])[] = [
  ['', ''],
  ['aGVsbG8=', 'hello'],
  [' aGVs\n bG8= \n', 'hello'],
  ['aGVsbG8=aGVs', 'hello'],
  ['abc', undefined],
  ['a', undefined],
  ['aGVsbG8', undefined],
]
for (const [text, decoded] of base64) {
  test(`base64 ${JSON.stringify(text)} is ${decoded === undefined ? 'refused' : JSON.stringify(decoded)}`, () => {
    const bytes = decodeBase64(text)
    assert.equal(bytes && Buffer.from(bytes).toString(), decoded)
  })
}

test('a failure is described in fields apart by bars, quoted where one holds a bar or a quote', () => {
  const failure = new ProvisioningFailure('it broke', { said: "don't|stop", count: 2, nothing: null })
  assert.equal(
    encodeFailure(failure, { vmId: 'vm', time: Date.UTC(2025, 0, 1, 12, 0, 0, 250) }),
    "result=error|reason=it broke|agent=Cloud-Init/26.2|'said=don''t|stop'|count=2|nothing=None|vm_id=vm|" +
      'timestamp=2025-01-01T12:00:00.250000+00:00|documentation_url=https://aka.ms/linuxprovisioningerror',
  )
})

test('whatever is thrown can be reported', () => {
  const { reason, details } = asProvisioningFailure(new RangeError('too far'))
  assert.equal(reason, 'unhandled exception')
  assert.equal(details['exception'], "RangeError('too far')")
})

test('a health report holds at most 512 characters of description, counted before they are escaped', () => {
  const state = { incarnation: '1', containerId: 'a&b', instanceId: '<i>', certificatesUrl: undefined }
  const report = healthReport(state, `&${'x'.repeat(600)}`)
  assert.match(report, /<Description>&amp;x{511}<\/Description>/)
  assert.match(report, /<ContainerId>a&amp;b<\/ContainerId>/)
  assert.match(report, /<InstanceId>&lt;i&gt;<\/InstanceId>/)
})

test('the first three fields of a UUID change their byte order; twice is as before', () => {
  const uuid = 'd0df4c54-4ecb-4a4b-9954-5bdf3ed5c3b8'
  assert.equal(byteSwapped(uuid), '544cdfd0-cb4e-4b4a-9954-5bdf3ed5c3b8')
  assert.equal(byteSwapped(byteSwapped(uuid)), uuid)
})

test('generation 1 machines show their id byte-swapped, generation 2 machines as it is', () => {
  const uuid = 'D0DF4C54-4ECB-4A4B-9954-5BDF3ED5C3B8'
  assert.equal(vmIdOf(memoryMachine().files, uuid), '544cdfd0-cb4e-4b4a-9954-5bdf3ed5c3b8')
  assert.equal(vmIdOf(memoryMachine({ files: { '/sys/firmware/efi/': '' } }).files, uuid), uuid.toLowerCase())
  assert.throws(() => vmIdOf(memoryMachine().files, 'not a uuid'), { reason: 'failure to identify Azure VM ID' })
  assert.throws(() => vmIdOf(memoryMachine().files, ''), { reason: 'failure to identify Azure VM ID' })
})

const leases: readonly (readonly [
  options: Record<string, string>,
  wireServer: string | undefined,
  routed: string[],
])[] = [
  [{}, undefined, []],
  [{ 'unknown-245': '168.63.129.16' }, '168.63.129.16', []],
  [{ 'unknown-245': 'a8:3f:81:10' }, '168.63.129.16', []],
  [{ 'unknown-245': '999.1.1.1' }, undefined, []],
  [{ 'unknown-245': 'evil.example/?' }, undefined, []],
  [
    { 'rfc3442-classless-static-routes': '0,10,0,0,1 32,169,254,169,254,10,0,0,1' },
    undefined,
    ['0.0.0.0', '169.254.169.254'],
  ],
  [{ 'unknown-121': '24 10 1 2 10 0 0 1' }, undefined, ['10.1.2.0']],
  [{ 'unknown-121': '40 10 1 2 10 0 0 1' }, undefined, []],
]
for (const [options, wireServer, routed] of leases) {
  test(`the lease ${JSON.stringify(options)} leads to ${wireServer ?? 'no wire server'} and ${routed.join(', ') || 'nowhere'}`, () => {
    assert.deepEqual(readLease({ interface: 'eth0', options }), { wireServer, routed })
  })
}

const keys: Readonly<Record<string, boolean>> = {
  'ssh-rsa AAAA me': true,
  'ssh-ed25519 AAAA': true,
  'ecdsa-sha2-nistp256 AAAA x y': true,
  'sk-ssh-ed25519@openssh.com AAAA': true,
  'command="echo a b",no-pty ssh-rsa AAAA': true,
  'ssh-rsa': false,
  '': false,
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----': false,
  'rsa AAAA': false,
}
for (const [key, isKey] of Object.entries(keys)) {
  test(`${JSON.stringify(key)} is ${isKey ? 'an' : 'no'} OpenSSH key`, () => assert.equal(isOpensshKey(key), isKey))
}

test('passwords are hashed with SHA-512 crypt and a salt of their own', async () => {
  assert.equal(
    await hashPassword('Password1!', 'abcdefghijklmnop'),
    '$6$abcdefghijklmnop$BAkmDRQpQCIeqADlDgiUrECy63latJ.djZj2aX1RPAeNgJmoTUNVIuD43.8q68AodK4N2UrOY7aEjWBDFgKCf.',
  )
  assert.match(freshSalt(), /^[./0-9A-Za-z]{16}$/)
  assert.notEqual(freshSalt(), freshSalt())
})

test('settings of the wrong type count as absent', () => {
  const settings = readSettings({ data_dir: 5, imds_timeout: 'long', apply_network_config: 'no', disk_aliases: ['x'] })
  assert.deepEqual(settings, readSettings({}))
  assert.equal(settings.imdsSeconds, 300)
})
