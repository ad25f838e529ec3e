import assert from 'node:assert/strict'
import { test } from 'node:test'
import { removeStaleLocks } from '../../src/distros/account-locks.ts'
import { foreseeGroup, foreseeUser } from '../../src/distros/accounts-plan.ts'
import { shadowAccounts } from '../../src/distros/accounts-shadow.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { commandLines, madeUpDebian } from '../modules/made-up-debian.ts'

test('accounts and groups are read from the account files', () => {
  const machine = madeUpDebian({ files: { '/etc/group': 'adm:x:4:games,root\nbroken\nodd:x:\n' } })
  assert.deepEqual(shadowAccounts.find(machine, 'games'), {
    name: 'games',
    userId: 5,
    groupId: 60,
    home: '/usr/games',
    shell: '/usr/sbin/nologin',
  })
  assert.equal(shadowAccounts.find(machine, 'game'), undefined)
  assert.equal(shadowAccounts.findGroup(machine, 'adm'), 4)
  assert.equal(shadowAccounts.findGroup(machine, 'odd'), undefined)
  assert.deepEqual(shadowAccounts.groupMembers(machine, 'adm'), ['games', 'root'])
})

test('the password field tells whether there is a password and whether it is locked', () => {
  const fields: [string, string][] = [
    ['', 'empty'],
    ['!', 'none'],
    ['!!', 'none'],
    ['*', 'set'],
    ['$6$x', 'set'],
    ['!$6$x', 'set, locked'],
  ]
  for (const [field, state] of fields) {
    const machine = memoryMachine({ files: { '/etc/shadow': `ada:${field}:1:\n` } })
    assert.equal(shadowAccounts.passwordState(machine, 'ada'), state)
  }
  assert.equal(shadowAccounts.passwordState(memoryMachine(), 'ada'), 'set')
})

test('an empty password is opened with -d, because -u would refuse, and a locked one is not locked again', async () => {
  const machine = madeUpDebian({ files: { '/etc/shadow': 'ada:!:1:\nbob:!$6$x:1:\n' } })
  await shadowAccounts.lockPassword(machine, 'ada')
  await shadowAccounts.lockPassword(machine, 'bob')
  await shadowAccounts.unlockPassword(machine, 'ada')
  await shadowAccounts.unlockPassword(machine, 'bob')
  assert.deepEqual(commandLines(machine), ['passwd -d ada', 'passwd -u bob'])
})

test('names that mean something else are refused before any command', async () => {
  for (const name of ['', '-x', 'a/b', 'a:b', 'a,b', 'a b', 'a\nb', '..', 'x'.repeat(300)]) {
    const machine = madeUpDebian()
    const user = { name, createHome: true, createUserGroup: true, initLog: true }
    await assert.rejects(shadowAccounts.createUser(machine, user), { name: 'ConfigError' }, name)
    await assert.rejects(shadowAccounts.createGroup(machine, name), { name: 'ConfigError' }, name)
    assert.deepEqual(commandLines(machine), [])
  }
})

test('Ubuntu Core adds accounts to its own database and finds them there', async () => {
  const machine = madeUpDebian({
    files: {
      '/etc/os-release': 'ID=ubuntu-core\n',
      '/var/lib/extrausers/passwd': 'ada:x:1000:1000::/home/ada:/bin/sh\n',
    },
  })
  await shadowAccounts.createGroup(machine, 'ops')
  assert.deepEqual(commandLines(machine), ['groupadd --extrausers ops'])
  assert.equal(shadowAccounts.find(machine, 'ada')?.userId, 1000)
})

test('lock files of tools that no longer run are removed, those of running ones stay', () => {
  const machine = memoryMachine({
    files: {
      '/etc/passwd.lock': '812\0',
      '/etc/shadow.lock': '813\0',
      '/etc/group.lock': '814\0',
      '/etc/gshadow.lock': 'odd',
      '/etc/shadow.815': '815\0',
      '/etc/passwd.old': '816',
      '/proc/812/comm': 'sshd\n',
      '/proc/813/comm': 'useradd\n',
    },
  })
  removeStaleLocks(machine)
  assert.deepEqual(machine.files.list('/etc'), ['gshadow.lock', 'passwd.old', 'shadow.lock'])
})

test('a plan foresees in the account files what the tools would do', () => {
  const machine = madeUpDebian()
  assert.equal(foreseeGroup(machine, 'ops'), 1000)
  const common = { createHome: true, createUserGroup: true, initLog: true }
  foreseeUser(machine, { ...common, name: 'ada', groups: ['ops', 'adm'], fullName: 'Ada' })
  foreseeUser(machine, { ...common, name: 'sys1', isSystem: true, createHome: false })
  foreseeUser(machine, {
    ...common,
    name: 'bob',
    primaryGroup: 'ops',
    userId: 1700,
    home: '/data/bob',
    shell: '/bin/bash',
  })
  const added = (file: string, before: number): string[] =>
    machine.files.readText(file).trim().split('\n').slice(before)
  assert.deepEqual(added('/etc/passwd', 2), [
    'ada:x:1000:1001:Ada:/home/ada:/bin/sh',
    'sys1:x:999:999::/home/sys1:/bin/sh',
    'bob:x:1700:1000::/data/bob:/bin/bash',
  ])
  assert.deepEqual(added('/etc/group', 5), ['ops:x:1000:ada', 'ada:x:1001:', 'sys1:x:999:'])
  assert.equal(shadowAccounts.groupMembers(machine, 'adm').join(), 'ada')
  assert.deepEqual(added('/etc/shadow', 2), ['ada:!:::::::', 'sys1:!:::::::', 'bob:!:::::::'])
  assert.deepEqual([machine.tree()['/home/ada']?.userId, machine.tree()['/home/sys1']], [1000, undefined])
})
