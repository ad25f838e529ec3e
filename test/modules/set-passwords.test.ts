import assert from 'node:assert/strict'
import { test } from 'node:test'
import setPasswords from '../../modules/set_passwords/index.ts'
import { randomPassword } from '../../modules/set_passwords/requests.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, debianFiles, lineOf, madeUpDebian } from './made-up-debian.ts'

const names = ['debian', 'ada', 'bob', 'cid']

const files = {
  '/etc/passwd': `${debianFiles['/etc/passwd']}${names.map((name, at) => `${name}:x:${1000 + at}:100::/home/${name}:/bin/sh\n`).join('')}`,
  '/etc/shadow': names.map((name) => `${name}:!:1::::::\n`).join(''),
}

const run = async (
  config: JsonObject,
  options: MemoryOptions & { readonly arguments?: readonly string[] } = {},
): Promise<{ machine: MemoryMachine; failure: string | undefined; hashes: Record<string, string | undefined> }> => {
  const machine = madeUpDebian({ ...options, files: { ...files, ...options.files } })
  const context = await contextFor(
    machine,
    { users: ['default'], ...config },
    {},
    { arguments: options.arguments ?? [] },
  )
  let failure: string | undefined
  try {
    await setPasswords.run({}, context)
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  const hashes = Object.fromEntries(names.map((name) => [name, lineOf(machine, '/etc/shadow', name)?.split(':')[1]]))
  return { machine, failure, hashes }
}

const expired = (machine: MemoryMachine): string[] =>
  commandLines(machine).flatMap((line) => (line.startsWith('passwd --expire ') ? [line.slice(16)] : []))

test('password is for the default user and must be changed at the first login', async () => {
  const { machine, hashes } = await run({ password: 'sesame' })
  assert.equal(hashes['debian'], 'crypt(sesame)')
  assert.deepEqual(expired(machine), ['debian'])
  assert.deepEqual(expired((await run({ password: 'sesame', chpasswd: { expire: false } })).machine), [])
  assert.equal((await run({ password: '$6$salt$hash' })).hashes['debian'], '$6$salt$hash')
})

test('chpasswd.users takes texts, hashes and random passwords', async () => {
  const users = [
    { name: 'ada', password: 'te$t \\with "signs"', type: 'text' },
    { name: 'bob', password: '$6$salt$hash' },
    { name: 'cid', type: 'RANDOM' },
  ]
  const { machine, hashes, failure } = await run({ chpasswd: { expire: false, users }, password: 'not used' })
  assert.equal(failure, undefined)
  assert.equal(hashes['ada'], 'crypt(te$t \\with "signs")')
  assert.equal(hashes['bob'], '$6$salt$hash')
  assert.match(hashes['cid'] ?? '', /^crypt\(\S{20}\)$/)
  assert.equal(hashes['debian'], '!')
  assert.deepEqual(commandLines(machine), ['chpasswd', 'chpasswd -e'])
})

test('chpasswd.list takes lines, with hashes and R recognised', async () => {
  const lines = ['ada:plain', 'bob:$5$salt$hash', 'cid:R']
  for (const list of [lines, `${lines.join('\n')}\n`]) {
    const { machine, hashes } = await run({ chpasswd: { list } })
    assert.equal(hashes['ada'], 'crypt(plain)')
    assert.equal(hashes['bob'], '$5$salt$hash')
    assert.match(hashes['cid'] ?? '', /^crypt\(\S{20}\)$/)
    assert.deepEqual(expired(machine), ['ada', 'bob', 'cid'])
  }
})

test('a password on the command line is the default user’s', async () => {
  const { hashes } = await run({ chpasswd: { list: ['ada:plain'] } }, { arguments: ['given'] })
  assert.deepEqual([hashes['debian'], hashes['ada']], ['crypt(given)', '!'])
})

test('random passwords are shown on the console and nowhere else', async () => {
  const { machine, hashes } = await run({ chpasswd: { users: [{ name: 'cid', type: 'RANDOM' }] } })
  const password = /^crypt\((.*)\)$/.exec(hashes['cid'] ?? '')?.[1] ?? 'none'
  assert.ok(machine.files.readText('/dev/console').includes(`\ncid:${password}\n`))
  assert.ok(machine.records.every(({ message }) => !message.includes(password)))
  const dumb = await run(
    { chpasswd: { users: [{ name: 'cid', type: 'RANDOM' }] } },
    { files: { '/dev/console': 'a file' } },
  )
  assert.equal(dumb.machine.files.readText('/dev/console'), 'a file')
  assert.match(complaints(dumb.machine).join(), /no console to show the random passwords of cid/)
  assert.ok(dumb.machine.records.every(({ announced }) => !announced))
})

test('a random password has twenty characters of every class', () => {
  for (let round = 0; round < 50; round += 1) {
    const password = randomPassword()
    assert.equal(password.length, 20)
    for (const part of [/\d/, /[a-z]/, /[A-Z]/, /[^A-Za-z0-9]/]) assert.match(password, part)
    assert.doesNotMatch(password, /[\s:"'\\]/)
  }
})

test('one bad entry costs nobody else the password, and no password is shown', async () => {
  const users = [
    { name: 'nobodyhere', password: 'secret1', type: 'text' },
    { name: 'ada', password: 'se\ncret2', type: 'text' },
    { name: 'bob', password: 'secret3', type: 'plain' },
    { name: 'cid', password: 'good', type: 'text' },
  ]
  const { machine, hashes, failure } = await run({ chpasswd: { users } })
  assert.deepEqual([hashes['ada'], hashes['bob'], hashes['cid']], ['!', '!', 'crypt(good)'])
  assert.match(failure ?? '', /nobodyhere is not set: there is no such user/)
  assert.match(failure ?? '', /ada is not set/)
  assert.ok(machine.records.some(({ message }) => message.includes('chpasswd.users[2]')))
  assert.ok(machine.records.every(({ message }) => !/secret\d|good/.test(message)))
})

test('ssh_pwauth is told to sshd, which is restarted when it runs and something changed', async () => {
  const cases: [JsonObject['ssh_pwauth'], string | undefined][] = [
    [true, 'PasswordAuthentication yes\n'],
    [false, 'PasswordAuthentication no\n'],
    ['yes', 'PasswordAuthentication yes\n'],
    [1, 'PasswordAuthentication yes\n'],
    ['unchanged', undefined],
    [null, undefined],
    ['maybe', undefined],
  ]
  for (const [value, expected] of cases) {
    const { machine, failure } = await run({ ssh_pwauth: value ?? null })
    assert.equal(failure, undefined)
    assert.equal(machine.tree()['/etc/ssh/sshd_config.d/50-cloud-init.conf']?.content, expected)
    const restarts = ['systemctl restart --job-mode=ignore-dependencies ssh']
    assert.deepEqual(commandLines(machine), expected === undefined ? [] : restarts)
  }
  const present = { '/etc/ssh/sshd_config.d/50-cloud-init.conf': 'PasswordAuthentication no\n' }
  assert.deepEqual(commandLines((await run({ ssh_pwauth: false }, { files: present })).machine), [])
})

test('sshd that does not run, or cannot be restarted, is no failure', async () => {
  const stopped = await run(
    { ssh_pwauth: false },
    { commands: { 'systemctl show --property=LoadState,ActiveState ssh': 'LoadState=loaded\nActiveState=inactive\n' } },
  )
  assert.deepEqual([stopped.failure, commandLines(stopped.machine)], [undefined, []])
  const stuck = await run(
    { ssh_pwauth: false },
    { onCommand: (argv) => (argv[1] === 'restart' ? { exitCode: 1, stderr: 'no' } : undefined) },
  )
  assert.equal(stuck.failure, undefined)
  assert.match(complaints(stuck.machine).join(), /ssh could not be restarted/)
})
