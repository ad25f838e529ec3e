import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMachine } from '../../src/machine/memory.ts'
import { makeMime } from '../../src/userdata/make-mime.ts'
import { readParts } from '../../src/userdata/read-parts.ts'

const contents = {
  'a.yaml': '#cloud-config\nhostname: web\n',
  'ü".sh': '#!/bin/sh\necho "grüße"\n',
  'no-end': '#!/bin/sh\ntrue',
  long: `#!/bin/sh\n: ${'x'.repeat(2000)}\n`,
}

test('What make-mime makes is read again as the same parts', async () => {
  const attachments = Object.entries(contents).map(([filename, text]) => ({ filename, content: Buffer.from(text) }))
  const made = Buffer.from(makeMime(attachments))
  const parts = await readParts(memoryMachine(), [made], { source: 'user-data', cacheFolder: '/c' })
  assert.deepEqual(
    parts.map(({ payload }) => payload),
    Object.values(contents),
  )
  assert.deepEqual(
    parts.map(({ contentType }) => contentType),
    ['text/cloud-config', 'text/x-shellscript', 'text/x-shellscript', 'text/x-shellscript'],
  )
  assert.deepEqual(made, Buffer.from(makeMime(attachments)))
})

test('A file whose type nothing tells needs one', () => {
  const content = Buffer.from('hello')
  assert.throws(() => makeMime([{ filename: 'x', content }]), /x: name its type/)
  assert.match(makeMime([{ filename: 'x', content, type: 'x-shellscript' }]), /^Content-Type: text\/x-shellscript;/m)
})
