import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import keysToConsole from '../../modules/keys_to_console/index.ts'
import fingerprints from '../../modules/ssh_authkey_fingerprints/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { contextFor, debianFiles, madeUpDebian } from './made-up-debian.ts'

const files: MemoryOptions['files'] = {
  '/etc/ssh/ssh_host_ecdsa_key.pub': 'ecdsa-sha2-nistp256 AAAAec root@host\n',
  '/etc/ssh/ssh_host_rsa_key.pub': 'ssh-rsa AAAArs root@host\n',
  '/etc/passwd': `${debianFiles['/etc/passwd']}debian:x:1000:1000::/home/debian:/bin/bash\nada:x:1001:1001::/home/ada:/bin/sh\nsys1:x:900:900::/home/sys1:/bin/sh\n`,
  '/home/debian': { folder: true, userId: 1000, groupId: 1000 },
  '/home/debian/.ssh': { folder: true, userId: 1000, groupId: 1000 },
  '/home/debian/.ssh/authorized_keys': {
    content: 'no-pty ssh-ed25519 aGVsbG8= me@home\n# x\n',
    userId: 1000,
    groupId: 1000,
  },
  '/home/ada': { folder: true, userId: 1001, groupId: 1001 },
}

const run = async (module: typeof keysToConsole, config: JsonObject, options: MemoryOptions = {}) => {
  const machine: MemoryMachine = madeUpDebian({ files: { ...files, ...options.files } })
  const context = await contextFor(machine, config)
  let failure: string | undefined
  try {
    await module.run(config, context)
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  return { machine, failure, shown: machine.tree()['/dev/console']?.content ?? '' }
}

test('host keys and their fingerprints are shown between the marks that tools look for', async () => {
  const { shown } = await run(keysToConsole, {})
  const rule = '#'.repeat(61)
  const prefix = '<14>Jan  1 12:00:00 cloud-init: '
  const fingerprintLines = [
    rule,
    '-----BEGIN SSH HOST KEY FINGERPRINTS-----',
    '256 SHA256:of-AAAAec no comment',
    '256 SHA256:of-AAAArs no comment',
    '-----END SSH HOST KEY FINGERPRINTS-----',
    rule,
  ].map((line) => `${prefix}${line}`)
  const keyLines = [
    '-----BEGIN SSH HOST KEY KEYS-----',
    'ecdsa-sha2-nistp256 AAAAec root@host',
    'ssh-rsa AAAArs root@host',
    '-----END SSH HOST KEY KEYS-----',
  ]
  assert.equal(shown, [...fingerprintLines, ...keyLines, ''].join('\n'))
})

test('types of key can be kept from the console, or all of it', async () => {
  const some = await run(keysToConsole, {
    ssh_fp_console_blacklist: ['ssh-rsa'],
    ssh_key_console_blacklist: ['ecdsa-sha2-nistp256'],
  })
  assert.match(some.shown, /of-AAAAec/)
  assert.doesNotMatch(some.shown, /of-AAAArs|nistp256 AAAAec/)
  assert.match(some.shown, /^ssh-rsa AAAArs/m)
  const all = ['ssh-rsa', 'ecdsa-sha2-nistp256']
  assert.equal((await run(keysToConsole, { ssh_fp_console_blacklist: all, ssh_key_console_blacklist: all })).shown, '')
  assert.equal((await run(keysToConsole, { ssh: { emit_keys_to_console: false } })).shown, '')
})

test('without a console the keys go to the output', async () => {
  const { machine, shown } = await run(keysToConsole, {}, { files: { '/dev/console': '' } })
  assert.equal(shown, '')
  assert.match(
    machine.records
      .filter(({ announced }) => announced)
      .map(({ message }) => message)
      .join(),
    /BEGIN SSH HOST KEY KEYS/,
  )
})

test('fingerprints of the users’ keys are shown as a table', async () => {
  const { shown, failure } = await run(fingerprints, { users: ['default', 'ada'] })
  const digest = createHash('sha256').update('hello').digest('hex').match(/../g)?.join(':')
  assert.equal(failure, undefined)
  const lines = shown.split('\n')
  assert.equal(lines[0], 'ci-info: no authorized SSH keys fingerprints found for user ada.')
  assert.match(
    lines[1] ?? '',
    /^ci-info: \++Authorized keys from \/home\/debian\/.ssh\/authorized_keys for user debian\++$/,
  )
  assert.match(lines[2] ?? '', /^ci-info: \+-+\+-+\+-+\+-+\+$/)
  assert.match(
    lines[3] ?? '',
    /^ci-info: \|\s+Keytype\s+\|\s+Fingerprint \(sha256\)\s+\|\s+Options\s+\|\s+Comment\s+\|$/,
  )
  assert.equal(lines[5]?.replaceAll(/\s+/g, ' '), `ci-info: | ssh-ed25519 | ${digest} | no-pty | me@home |`)
  assert.ok(lines.slice(2, 7).every((line) => line.length === lines[2]?.length))
  assert.equal(lines.length, 8)
})

test('every user with a home folder gets an authorized_keys file, if only an empty one', async () => {
  const { machine } = await run(fingerprints, { users: ['ada', { name: 'sys1', system: true }] })
  const { '/home/ada/.ssh/authorized_keys': file } = machine.tree()
  assert.deepEqual([file?.content, file?.mode, file?.userId], ['', 0o600, 1001])
  assert.equal(machine.tree()['/home/sys1'], undefined)
})

test('another hash may be asked for, none at all, and an unknown one is shown as such', async () => {
  assert.match(
    (await run(fingerprints, { users: ['default'], authkey_hash: 'md5' })).shown,
    /Fingerprint \(md5\).*\n.*\n.*5d:41:40:2a:bc:4b:2a:76:b9:71:9d:91:10:17:c5:92/,
  )
  assert.match((await run(fingerprints, { users: ['default'], authkey_hash: 'nope' })).shown, /\|\s+\?\s+\|/)
  assert.equal((await run(fingerprints, { users: ['default'], no_ssh_fingerprints: true })).shown, '')
})

test('a user that does not exist is a failure that stops nobody else', async () => {
  const { shown, failure } = await run(fingerprints, { users: ['nobodyhere', 'ada'] })
  assert.match(failure ?? '', /nobodyhere: does not exist/)
  assert.match(shown, /for user ada/)
})
