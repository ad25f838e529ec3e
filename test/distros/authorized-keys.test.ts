import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addAuthorizedKeys } from '../../src/distros/authorized-keys.ts'
import { type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'
import { complaints } from '../modules/made-up-debian.ts'

const ada = { name: 'ada', userId: 1000, groupId: 1000, home: '/home/ada', shell: '/bin/sh' }
const root = { name: 'root', userId: 0, groupId: 0, home: '/root', shell: '/bin/sh' }
const own = { userId: 1000, groupId: 1000 }
const home: Readonly<Record<string, MemoryFile>> = { '/home/ada': { folder: true, ...own } }
const one = 'ssh-ed25519 AAAAone one@example'
const two = 'ssh-rsa AAAAtwo two@example'

test('the file and its folder are made for the user alone', () => {
  const machine = memoryMachine({ files: home })
  const result = addAuthorizedKeys(machine, ada, [one, two])
  const { '/home/ada/.ssh': folder, '/home/ada/.ssh/authorized_keys': file } = machine.tree()
  assert.deepEqual([folder?.mode, folder?.userId, folder?.groupId], [0o700, 1000, 1000])
  assert.deepEqual([file?.mode, file?.userId, file?.groupId], [0o600, 1000, 1000])
  assert.equal(file?.content, `${one}\n${two}\n`)
  assert.equal(result.path, '/home/ada/.ssh/authorized_keys')
  assert.deepEqual(
    result.keys.map((key) => key.base64),
    ['AAAAone', 'AAAAtwo'],
  )
})

test('lines that are there stay, a known key gets its new options, mode and owner are kept', () => {
  const content = '# mine\nssh-ed25519 AAAAone old-comment\nssh-rsa AAAAold old@example\n\n'
  const machine = memoryMachine({
    files: { ...home, '/home/ada/.ssh/': '', '/home/ada/.ssh/authorized_keys': { content, mode: 0o644, ...own } },
  })
  addAuthorizedKeys(machine, ada, [one, two], 'no-pty')
  const file = machine.tree()['/home/ada/.ssh/authorized_keys']
  assert.equal(file?.content, `# mine\nno-pty ${one}\nssh-rsa AAAAold old@example\n\nno-pty ${two}\n`)
  assert.equal(file?.mode, 0o644)
  addAuthorizedKeys(machine, ada, [one, two], 'no-pty')
  assert.equal(machine.tree()['/home/ada/.ssh/authorized_keys']?.content, file?.content)
})

test('what is no key is left out with a warning, what has options keeps them', () => {
  const machine = memoryMachine({ files: home })
  const quoted = 'command="echo \\"a b\\" # no",no-pty ssh-ed25519 AAAAone a comment of words'
  addAuthorizedKeys(machine, ada, ['something', '', `${one}\nssh-rsa AAAAevil`, quoted])
  assert.equal(machine.tree()['/home/ada/.ssh/authorized_keys']?.content, `${quoted}\n`)
  assert.equal(complaints(machine).length, 3)
})

test('nothing is read or written through what a user may have planted', () => {
  const secret = { content: 'secret\n', mode: 0o600 }
  const planted: Record<string, Readonly<Record<string, MemoryFile>>> = {
    'a link for the folder': { '/home/ada/.ssh': { link: '/root/.ssh' } },
    'a link for the file': {
      '/home/ada/.ssh': { folder: true, ...own },
      '/home/ada/.ssh/authorized_keys': { link: '/etc/shadow' },
    },
    'a folder of somebody else': { '/home/ada/.ssh': { folder: true, userId: 1001, groupId: 1001 } },
    'a file of somebody else': {
      '/home/ada/.ssh': { folder: true, ...own },
      '/home/ada/.ssh/authorized_keys': { content: 'x', userId: 1001, groupId: 1001 },
    },
    'a file for the folder': { '/home/ada/.ssh': { content: 'x', ...own } },
    'a folder for the file': {
      '/home/ada/.ssh': { folder: true, ...own },
      '/home/ada/.ssh/authorized_keys': { folder: true, ...own },
    },
  }
  for (const [what, files] of Object.entries(planted)) {
    const machine = memoryMachine({ files: { ...home, '/root/.ssh/': '', '/etc/shadow': secret, ...files } })
    const before = machine.tree()
    assert.throws(() => addAuthorizedKeys(machine, ada, [one]), { name: 'FileError' }, what)
    assert.deepEqual(machine.tree(), before, what)
  }
})

test('a link that root made where only root can write is followed', () => {
  const machine = memoryMachine({
    files: { '/home': { link: '/data/home' }, '/data/home/ada': { folder: true, ...own } },
  })
  addAuthorizedKeys(machine, ada, [one])
  assert.equal(machine.tree()['/data/home/ada/.ssh/authorized_keys']?.content, `${one}\n`)
})

test('no home folder means no file', () => {
  const machine = memoryMachine({ files: { '/home/': '' } })
  assert.throws(() => addAuthorizedKeys(machine, ada, [one]), /home folder does not exist/)
  assert.equal(machine.tree()['/home/ada'], undefined)
})

test('the making of the folder is finished when it was cut off before it got its owner', () => {
  const machine = memoryMachine({ files: { ...home, '/home/ada/.ssh': { folder: true, mode: 0o700 } } })
  addAuthorizedKeys(machine, ada, [one])
  assert.equal(machine.tree()['/home/ada/.ssh']?.userId, 1000)
})

test('AuthorizedKeysFile of sshd decides where the keys go', () => {
  const cases: [string, string][] = [
    ['AuthorizedKeysFile .ssh/keys .ssh/keys2\n', '/home/ada/.ssh/keys'],
    ['authorizedkeysfile=%h/.ssh/mine\n', '/home/ada/.ssh/mine'],
    ['AuthorizedKeysFile /etc/ssh/keys/%u /etc/ssh/all\n', '/etc/ssh/keys/ada'],
    ['AuthorizedKeysFile /etc/ssh/all\n', '/home/ada/.ssh/authorized_keys'],
    ['AuthorizedKeysFile none\n', '/home/ada/.ssh/authorized_keys'],
    ['AuthorizedKeysFile /etc/%u/../../keys\n', '/home/ada/.ssh/authorized_keys'],
    ['#AuthorizedKeysFile .ssh/no\nMatch User bob\nAuthorizedKeysFile .ssh/no\n', '/home/ada/.ssh/authorized_keys'],
    ['Include /etc/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile .ssh/no\n', '/home/ada/.ssh/dropped'],
  ]
  for (const [config, expected] of cases) {
    const machine = memoryMachine({
      files: {
        ...home,
        '/etc/ssh/sshd_config': config,
        '/etc/ssh/sshd_config.d/10.conf': 'AuthorizedKeysFile .ssh/dropped\n',
      },
    })
    assert.equal(addAuthorizedKeys(machine, ada, [one]).path, expected, config)
    assert.equal(machine.tree()[expected]?.content, `${one}\n`)
    assert.equal(machine.tree()[expected]?.userId, 1000)
  }
})

test('root gets a file, too', () => {
  const machine = memoryMachine({ files: { '/root': { folder: true, mode: 0o700 } } })
  addAuthorizedKeys(machine, root, [])
  assert.equal(machine.tree()['/root/.ssh/authorized_keys']?.mode, 0o600)
})
