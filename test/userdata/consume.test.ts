import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readBaseConfig } from '../../src/cloudconfig/load.ts'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { type MemoryMachine, type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'
import { consumeUserData } from '../../src/userdata/consume.ts'
import { defaultUserDataLimits } from '../../src/userdata/limits.ts'

const folder = '/var/lib/cloud/instances/i-1'

const consume = async (
  userData: string | Uint8Array,
  options: MemoryOptions = {},
  more: Partial<InstanceData> = {},
): Promise<MemoryMachine> => {
  const machine = memoryMachine({ onCommand: () => ({}), ...options })
  const data: InstanceData = { instanceId: 'i-1', userData: Buffer.from(userData), ...more }
  const base = await readBaseConfig(machine, { cmdline: '' })
  const limits = { ...defaultUserDataLimits, maxUnpackedBytes: 100_000, maxParts: 300 }
  await consumeUserData(machine, { paths: defaultPaths, data, base, isNew: true, limits })
  return machine
}

const config = (machine: MemoryMachine, name = 'cloud-config.txt') =>
  parseYaml(machine.files.readText(`${folder}/${name}`), name)

const problems = (machine: MemoryMachine): string[] =>
  machine.records.filter(({ level }) => level === 'ERROR' || level === 'WARNING').map(({ message }) => message)

const multipart = (...parts: string[]): string =>
  `Content-Type: multipart/mixed; boundary="B"\nMIME-Version: 1.0\n\n${parts.map((part) => `--B\n${part}\n`).join('')}--B--\n`

test('A cloud-config is kept as it was handed out, and merged, for root alone', async () => {
  const machine = await consume('#cloud-config\nhostname: h\n')
  const tree = machine.tree()
  assert.equal(tree[`${folder}/user-data.txt`]?.content, '#cloud-config\nhostname: h\n')
  assert.equal(tree[`${folder}/cloud-config.txt`]?.mode, 0o600)
  assert.deepEqual(config(machine), { hostname: 'h' })
})

test('Parts of a multipart go where they belong, by type or first line', async () => {
  const machine = await consume(
    multipart(
      'Content-Type: text/cloud-config\n\na: 1',
      'Content-Type: text/x-shellscript\nContent-Disposition: attachment; filename="../run me.sh"\n\n#!/bin/sh\r\necho\r',
      'Content-Type: text/cloud-boothook\n\n#cloud-boothook\n#!/bin/sh\necho boot',
      'Content-Type: text/plain\n\n#cloud-config\nb: 2',
    ),
  )
  assert.deepEqual(config(machine), { a: 1, b: 2 })
  const tree = machine.tree()
  assert.equal(tree[`${folder}/scripts/.._runme.sh`]?.content, '#!/bin/sh\necho')
  assert.equal(tree[`${folder}/scripts/.._runme.sh`]?.mode, 0o700)
  assert.deepEqual(
    machine.commands.map(({ argv }) => argv),
    [[`${folder}/boothooks/part-003`]],
  )
  assert.equal(machine.commands[0]?.options.env?.['INSTANCE_ID'], 'i-1')
})

test('Compressed user-data is opened once, and a bomb is refused with the limit named', async () => {
  assert.deepEqual(config(await consume(gzipSync('#cloud-config\na: 1\n'))), { a: 1 })
  const bomb = await consume(gzipSync(Buffer.alloc(5_000_000)))
  assert.match(problems(bomb).join('\n'), /unpacks to more than 100000 bytes/)
  assert.equal(bomb.files.readText(`${folder}/cloud-config.txt`), '')
})

test('A broken part is named with its line, and the others take effect', async () => {
  const machine = await consume(
    multipart(
      'Content-Type: text/cloud-config\n\na: 1',
      'Content-Type: text/cloud-config\n\nb: [',
      'Content-Type: text/cloud-config\n\nc: 3',
    ),
  )
  assert.deepEqual(config(machine), { a: 1, c: 3 })
  assert.match(problems(machine).join('\n'), /part-002 is left out: line 1, column 5/)
})

test('No secret of a broken part is logged', async () => {
  const machine = await consume('#cloud-config\npassword: hunter2: x\n')
  assert.doesNotMatch(machine.records.map(({ message }) => message).join('\n'), /hunter2/)
})

test('An include that fails or includes itself does not keep the others from taking effect', async () => {
  const machine = await consume('#include\nhttp://a/loop\nhttp://a/gone?token=s3cret\nhttp://a/good\n', {
    http: ({ url }) => {
      if (url.endsWith('/loop')) return httpResponse({ url, status: 200, body: '#include\nhttp://a/loop\n' })
      if (url.endsWith('/good')) return httpResponse({ url, status: 200, body: '#cloud-config\nok: true\n' })
      return new HttpFailure(url, 'refused', 'connection refused')
    },
  })
  assert.deepEqual(config(machine), { ok: true })
  const all = problems(machine).join('\n')
  assert.match(all, /nested deeper than 20 levels/)
  assert.match(all, /#include http:\/\/a\/gone\?\.\.\.: cannot be fetched/)
  assert.doesNotMatch(all, /s3cret/)
})

test('Includes that hang are given up within the limit for all of them', async () => {
  const machine = await consume(`#include\n${'http://a/x\n'.repeat(50)}`, {
    http: ({ url }) => new HttpFailure(url, 'timeout', 'timed out'),
  })
  assert.ok(machine.clock.uptime() < 700, `took ${machine.clock.uptime()} s`)
  assert.match(problems(machine).join('\n'), /all includes together took more than 600 s/)
})

test('An #include-once is asked for once, also at a later boot', async () => {
  const http: MemoryOptions['http'] = ({ url }) => httpResponse({ url, status: 200, body: '#cloud-config\na: 1\n' })
  const machine = await consume('#include-once\nhttp://a/x\n', { http })
  const base = await readBaseConfig(machine, { cmdline: '' })
  const data = { instanceId: 'i-1', userData: Buffer.from('#include-once\nhttp://a/x\n') }
  await consumeUserData(machine, { paths: defaultPaths, data, base, isNew: false })
  assert.equal(machine.requests.length, 1)
})

test('More parts than the limit are left out and said so', async () => {
  const machine = await consume(`#cloud-config-archive\n${"- '#cloud-config'\n".repeat(400)}`)
  assert.match(problems(machine).join('\n'), /parts after number 300 are left out/)
})

test('Vendor-data lies under user-data, its scripts in a folder of their own, and can be turned off', async () => {
  const vendorData = ['#cloud-config\na: vendor\n', '#!/bin/sh\n']
  const machine = await consume('#cloud-config\nb: 1\n', {}, { vendorData })
  assert.deepEqual(config(machine, 'vendor-cloud-config.txt'), { a: 'vendor' })
  assert.ok(machine.files.exists(`${folder}/scripts/vendor/part-002`))
  const off = await consume('#cloud-config\nvendor_data: {enabled: false}\n', {}, { vendorData })
  assert.equal(off.files.exists(`${folder}/vendor-cloud-config.txt`), false)
})

test('What is nothing known, binary, empty or a multipart without a boundary harms nothing', async () => {
  const cases: [string | Uint8Array, RegExp][] = [
    [new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0xff]), /of no known kind/],
    ['\ufeff#cloud-config\na: 1\n', /begins with a byte-order mark/],
    ['hello\n', /of no known kind/],
    ['MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--B\n\na\n', /boundary is missing/],
    ['#cloud-config\na: \u0000\n', /U\+0000/],
    ['#cloud-config\n- a\n', /must be a mapping/],
    [`#cloud-config\na: ${'['.repeat(1000)}\n`, /deeper than 100/],
  ]
  for (const [userData, expected] of cases) assert.match(problems(await consume(userData)).join('\n'), expected)
  assert.deepEqual(problems(await consume('')), [])
})

test('A script that is not UTF-8 is written byte for byte', async () => {
  const script = Buffer.from('#!/bin/sh\necho \xe9\xff\n', 'latin1')
  const machine = await consume(script)
  assert.deepEqual(Buffer.from(machine.files.readBytes(`${folder}/scripts/part-001`)), script)
})

test('Two runs leave the same as one', async () => {
  const userData = multipart('Content-Type: text/cloud-config\n\na: 1', 'Content-Type: text/x-shellscript\n\n#!/bin/sh')
  const machine = await consume(userData)
  const before = machine.tree()
  const base = await readBaseConfig(machine, { cmdline: '' })
  const data = { instanceId: 'i-1', userData: Buffer.from(userData) }
  await consumeUserData(machine, { paths: defaultPaths, data, base, isNew: false })
  assert.deepEqual(machine.tree(), before)
})
