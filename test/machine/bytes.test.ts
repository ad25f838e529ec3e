import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOfText, textOfBytes, utf8OrNothing } from '../../src/machine/bytes.ts'

test('Any bytes survive as text and back', () => {
  const cases = [
    Buffer.from('plain é ✓ 😀\n'),
    Buffer.from([0x7f, 0x45, 0xff, 0xfe, 0x00, 0x80]),
    Buffer.from('caf\xe9 \xc3', 'latin1'),
    Buffer.from([0xf0, 0x9f, 0x98, 0x80, 0xff, 0xf0, 0x9f, 0x98]),
    Buffer.from([0xc0, 0x80, 0xe0, 0x80, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80]),
    Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256)),
  ]
  for (const bytes of cases) assert.deepEqual(Buffer.from(bytesOfText(textOfBytes(bytes))), bytes)
})

test('UTF-8 is text as it is, and a byte that is none stands for itself', () => {
  assert.equal(textOfBytes(Buffer.from('é😀')), 'é😀')
  assert.equal(textOfBytes(Buffer.from([0x61, 0xe9])), 'a\udce9')
  assert.equal(utf8OrNothing(Buffer.from([0xe9])), undefined)
})
