import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MimeEntity, parseMime } from '../../src/userdata/mime.ts'
import { decodeBody } from '../../src/userdata/transfer-encoding.ts'

const leaves = (entity: MimeEntity): string[] => entity.children?.flatMap(leaves) ?? [entity.body]
const head = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="B"\n\n'
const inner = 'Content-Type: multipart/mixed; boundary="I"\n\n'

const messages: Readonly<Record<string, readonly [message: string, bodies: readonly string[]]>> = {
  'a multipart in a multipart': [`${head}--B\n${inner}--I\n\n1\n--I--\n\n--B\n\n2\n--B--\n`, ['1', '2']],
  'an inner multipart without an end': [`${head}--B\n${inner}--I\n\n1\n\n--B\n\n2\n--B--\n`, ['1\n', '2']],
  'an inner multipart with the boundary of the outer, which counts': [
    `${head}--B\nContent-Type: multipart/mixed; boundary="B"\n\n--B\n\n1\n--B--\n`,
    ['1'],
  ],
  'one boundary that begins like another': [
    `${head}--B\nContent-Type: multipart/mixed; boundary="B-1"\n\n--B-1\n\n1\n--B-1--\n--B--\n`,
    ['1'],
  ],
  'a message without an end': [`${head}--B\n\n1\n--B\n\n2\n\n`, ['1', '2\n']],
  'two multiparts without an end': [`${head}--B\n${inner}--I\n\n1\n\n`, ['1\n']],
  'blanks after a boundary': [`${head}--B \t\n\n1\n--B-- \n`, ['1']],
  'a part without an empty line': [
    `${head}--B\nContent-Type: text/x-shellscript\n#!/bin/sh\n\n:\n--B--\n`,
    ['#!/bin/sh\n\n:'],
  ],
  'an empty part': [`${head}--B\n\n\n--B--\n`, ['']],
  'carriage returns': [`${head}--B\n\n1\n--B--\n`.replaceAll('\n', '\r\n'), ['1']],
  'an enclosed message that is attached': [
    `${head}--B\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\n${inner}--I\n\n1\n--I--\n\n--B--\n`,
    ['1'],
  ],
  'text before and after the parts': [`${head}before --B\n--Bx\n--B\n\n1\n--B--\nafter\n--B\n\n2\n`, ['1']],
}
for (const [what, [message, bodies]] of Object.entries(messages)) {
  test(`MIME: ${what}`, () => {
    assert.deepEqual(leaves(parseMime(message, 20)), bodies)
  })
}

test('Multiparts that are nested too deep end in an error', () => {
  assert.throws(() => parseMime(`${head}--B\n${inner}--I\n\n1\n--I--\n--B--\n`, 2), RangeError)
})

test('A transfer encoding is undone; what can not be undone stays as it is', () => {
  const cases = [
    ['base64', 'aG!Vs\nbG8=\n', 'hello'],
    ['base64', 'YQ==YQ==', 'a'],
    ['base64', 'YWJjZ', 'YWJjZ'],
    ['quoted-printable', 'a=3Db=\n c =ZZ ==3D d \ne=', 'a=b c =ZZ =3D d \ne'],
    ['quoted-printable', '=C3=A9', 'é'],
    ['quoted-printable', `${' '.repeat(500_000)}x`, `${' '.repeat(500_000)}x`],
    ['x-uuencode', 'begin 644 x\n#86)C\n`\nend\n', 'abc'],
    ['x-uuencode', '#86)C\n', '#86)C\n'],
    ['8bit', 'a=3D', 'a=3D'],
  ] as const
  for (const [encoding, body, text] of cases) assert.equal(decodeBody(body, encoding), text)
})
