import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import deferred from '../../modules/write_files/deferred.ts'
import writeFiles from '../../modules/write_files/index.ts'
import { HttpFailure, ItemsFailed } from '../../src/machine/errors.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { Json } from '../../src/machine/json.ts'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const write = async (machine: MemoryMachine, entries: Json[]): Promise<void> => {
  const config = { write_files: entries }
  await writeFiles.run(config, await contextFor(machine, config))
}

/** `mode user:group content` */
const shown = (machine: MemoryMachine, path: string): string | undefined => {
  const entry = machine.tree()[path]
  return entry && `${entry.mode.toString(8)} ${entry.userId}:${entry.groupId} ${entry.content}`
}

test('a file is written with content, mode and owner; folders that are missing get its owner', async () => {
  const machine = madeUpDebian()
  await write(machine, [{ path: '/srv/a/b/file', content: 'x\n', owner: 'games:adm', permissions: '0640' }])
  assert.equal(shown(machine, '/srv/a/b/file'), '640 5:4 x\n')
  assert.equal(shown(machine, '/srv/a/b'), '755 5:4 ')
  assert.equal(shown(machine, '/srv'), '755 5:4 ')
})

test('permissions are octal digits in quotes, or the number that YAML made of them', async () => {
  const cases: [Json, string][] = [
    ['0600', '600'],
    ['0o755', '755'],
    ['4755', '4755'],
    [0o600, '600'],
    [420, '644'],
    [null, '644'],
    ['rw-------', '644'],
    ['0999', '644'],
    [-1, '644'],
  ]
  for (const [permissions, mode] of cases) {
    const machine = madeUpDebian()
    await write(machine, [{ path: '/f', content: '', permissions }])
    assert.equal(machine.tree()['/f']?.mode.toString(8), mode, JSON.stringify(permissions))
  }
})

test('every encoding is undone; an unknown one leaves the content as it is', async () => {
  const zipped = gzipSync('hello')
  const cases: [string | undefined, string][] = [
    [undefined, 'hello'],
    ['text/plain', 'hello'],
    ['b64', 'aGVsbG8='],
    ['base64', 'aGVs bG8=\n'],
    ['GZ+B64', zipped.toString('base64')],
    ['gzip+base64', zipped.toString('base64')],
    ['rot13', 'hello'],
  ]
  for (const [encoding, content] of cases) {
    const machine = madeUpDebian()
    await write(machine, [{ path: '/f', content, ...(encoding !== undefined && { encoding }) }])
    assert.equal(machine.tree()['/f']?.content, 'hello', encoding ?? 'none')
  }
})

test('bytes that YAML read from !!binary come out as they were', async () => {
  const machine = madeUpDebian()
  const { textOfBytes } = await import('../../src/machine/bytes.ts')
  await write(machine, [{ path: '/f', encoding: 'gzip', content: textOfBytes(gzipSync(Buffer.from([0, 255, 1]))) }])
  assert.deepEqual([...(machine.tree()['/f']?.bytes ?? [])], [0, 255, 1])
})

test('an entry that can not be written is reported, and the others are written', async () => {
  const machine = madeUpDebian({ files: { '/etc/file': 'x' } })
  const entries: Json[] = [
    { path: '/a', content: 'a', owner: 'nobody-here:adm' },
    { path: 'relative', content: 'b' },
    { path: '/etc/file/below', content: 'c' },
    { path: '/d', content: 'no gzip', encoding: 'gz' },
    { path: '/e', content: 'abcde', encoding: 'b64' },
    { path: '/f', content: ['a'] },
    { content: 'no path' },
    'nonsense',
    { path: '/last', content: 'ok', owner: 'games' },
  ]
  await assert.rejects(write(machine, entries), ItemsFailed)
  assert.equal(shown(machine, '/last'), '644 5:0 ok')
  assert.equal(machine.tree()['/a'], undefined)
  assert.equal(machine.tree()['/relative'], undefined)
  const lines = complaints(machine).join('\n')
  assert.match(lines, /write_files\[0\] \(\/a\): .*there is no user nobody-here/)
  assert.match(lines, /write_files\[1\] \(relative\): .*absolute/)
  assert.match(lines, /write_files\[3\] \(\/d\): content: it is not gz/)
})

test('a path never leads out by way of dots', async () => {
  const machine = madeUpDebian()
  await write(machine, [{ path: '/srv/../../etc/./motd', content: 'x' }])
  assert.equal(machine.tree()['/etc/motd']?.content, 'x')
})

test('append adds, and makes what is missing', async () => {
  const machine = madeUpDebian({ files: { '/etc/motd': { content: 'old\n', mode: 0o600 } } })
  await write(machine, [
    { path: '/etc/motd', content: 'one\n', append: true },
    { path: '/etc/motd', content: 'two\n', append: true },
    { path: '/new', content: 'first\n', append: true },
  ])
  assert.equal(shown(machine, '/etc/motd'), '644 0:0 old\none\ntwo\n')
  assert.equal(shown(machine, '/new'), '644 0:0 first\n')
})

test('a run that was asked for appends again; a boot that goes on does not', async () => {
  const machine = madeUpDebian()
  const config = { write_files: [{ path: '/log', content: 'x\n', append: true }] }
  const steps: (() => void)[] = []
  const context = await contextFor(machine, config, {}, { afterMark: (step) => void steps.push(step) })
  await writeFiles.run(config, context)
  await writeFiles.run(config, context)
  assert.equal(machine.files.readText('/log'), 'x\n')
  machine.files.write('/var/lib/cloud/instances/i-1/sem/config_write_files', '')
  for (const step of steps) step()
  await writeFiles.run(config, context)
  assert.equal(machine.files.readText('/log'), 'x\nx\n')
})

test('deferred files are left to the final stage', async () => {
  const machine = madeUpDebian()
  const config = {
    write_files: [
      { path: '/now', content: 'a' },
      { path: '/later', content: 'b', defer: true },
    ],
  }
  const context = await contextFor(machine, config)
  await writeFiles.run(config, context)
  assert.deepEqual([shown(machine, '/now'), shown(machine, '/later')], ['644 0:0 a', undefined])
  await deferred.run(config, context)
  assert.equal(shown(machine, '/later'), '644 0:0 b')
})

test('content comes from a source, with its headers; when that fails, from content', async () => {
  const machine = madeUpDebian({
    files: { '/opt/local': 'from a file' },
    http: ({ url, headers }) =>
      url.endsWith('/good')
        ? httpResponse({ url, body: `got it with ${headers?.['X-Token']}` })
        : new HttpFailure(url, 'refused', 'connection refused'),
  })
  await write(machine, [
    { path: '/a', source: { uri: 'http://192.0.2.1/good', headers: { 'X-Token': 'abc' } } },
    { path: '/b', source: { uri: 'http://192.0.2.1/bad' }, content: 'instead' },
    { path: '/c', source: { uri: 'http://192.0.2.1/bad' } },
    { path: '/d', source: { uri: 'file:///opt/local' } },
  ])
  assert.match(
    complaints(machine).join('\n'),
    /write_files\[2\] \(\/c\): source can't be read, so the file is not written/,
  )
  const { '/a': a, '/b': b, '/c': c, '/d': d } = machine.tree()
  assert.deepEqual([a?.content, b?.content, c, d?.content], ['got it with abc', 'instead', undefined, 'from a file'])
})

test('an unwritable file names its path and stops nothing', async () => {
  const machine = madeUpDebian({
    fault: (action, path) => (action === 'write' && path === '/a' ? 'ENOSPC' : undefined),
  })
  await assert.rejects(
    write(machine, [
      { path: '/a', content: 'secret words' },
      { path: '/b', content: 'b' },
    ]),
    /\/a/,
  )
  assert.equal(machine.tree()['/b']?.content, 'b')
  assert.ok(!complaints(machine).join().includes('secret words'))
})
