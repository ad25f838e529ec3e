import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../src/machine/journal.ts'
import { readChanges, serializeChanges } from '../../src/machine/journal-lines.ts'

const changes: Change[] = [
  { actor: 'write_files', kind: 'file', path: '/etc/a\nb', mode: 0o600, secret: true, size: 6 },
  { actor: 'write_files', kind: 'folder', path: '/etc/x', mode: 0o755 },
  { actor: 'ssh', kind: 'link', path: '/a', target: 'b' },
  { actor: 'ssh', kind: 'rename', path: '/a', target: '/b' },
  { actor: 'ssh', kind: 'remove', path: '/etc/ssh/key' },
  { actor: 'users_groups', kind: 'attributes', path: '/home/x', mode: 0o700, owner: '1000:1000' },
  { actor: 'runcmd', kind: 'command', argv: ['sh', '-c', 'true'], exitCode: 0, input: true },
  { actor: 'power_state', kind: 'command', argv: ['shutdown'] },
]

test('changes are read back as they were kept', () => {
  assert.deepEqual(readChanges(serializeChanges(changes)), changes)
})

test('contents are not kept, but a checksum that tells whether a file still has it', () => {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text))
  const change: Change = {
    actor: 'set_passwords',
    kind: 'file',
    path: '/etc/shadow',
    before: bytes('old-sesame'),
    after: bytes('sesame'),
    mode: 0o640,
    secret: true,
    size: 6,
  }
  const text = serializeChanges([change])
  assert.doesNotMatch(text, /sesame|\[|"0":/)
  const [read] = readChanges(text)
  assert.ok(read?.kind === 'file')
  assert.equal(read.sha256, 'd0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272')
  assert.deepEqual(readChanges(serializeChanges([read])), [read])
})

test('a record that was cut off, or that somebody else wrote, gives the changes that can be understood', () => {
  const [first = ''] = serializeChanges(changes).split('\n')
  const lines = [first, '', 'null', '[]', '{}', '{"actor":"x","kind":"file","path":"/a"}', '{"actor":"x","kind":"new"}']
  const others = [
    '{"actor":"x","kind":"command","argv":"rm -rf"}',
    '{"actor":1,"kind":"remove","path":"/a"}',
    '{"actor":"x"',
  ]
  assert.deepEqual(readChanges([...lines, ...others].join('\n')), changes.slice(0, 1))
  assert.deepEqual(readChanges(''), [])
})
