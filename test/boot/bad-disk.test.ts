/** What a full disk and a read-only root get: each test is a whole boot. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { assertEnded, assertFitToRead, assertNothingElse, assertReachable, assertToldOnce } from './expectations.ts'
import { bootable, bootStages, diskOf, seed } from './made-up-boot.ts'

const userData = seed(
  '#cloud-config\nwrite_files:\n  - {path: /etc/good, content: "good\\n"}\nruncmd: [echo hello]\nusers: [default, {name: ada}]\n',
)

const inMemory = /^\/(run|dev|proc|sys)(\/|$)/

/** On a full disk nothing new has room; removing and renaming still work. */
const needsRoom = new Set(['write', 'append to', 'link'])
const changes = new Set([...needsRoom, 'remove', 'rename', 'change the mode of', 'change the owner of'])

/** A machine on which all changes below `folder` fail in this way. Folders that are there already can be "made". */
const withFailingDisk = (files: Parameters<typeof bootable>[0], code: 'ENOSPC' | 'EROFS', folder: RegExp) => {
  const failing = code === 'ENOSPC' ? needsRoom : changes
  let machine: MemoryMachine | undefined
  machine = bootable({
    ...files,
    fault: (action, path) => {
      if (inMemory.test(path) || !folder.test(path)) return undefined
      if (action === 'make folder') return machine?.files.exists(path) ? undefined : code
      return failing.has(action) ? code : undefined
    },
  })
  return machine
}

const problems = { ENOSPC: /no space left/, EROFS: /read-only/ } as const
const codes = ['ENOSPC', 'EROFS'] as const

for (const code of codes) {
  test(`${code} in /var: the state goes to /run, and all is done`, async () => {
    const machine = withFailingDisk({ files: userData }, code, /^\/var\//)
    assert.deepEqual(await bootStages(machine), [])
    assertEnded(machine)
    assertReachable(machine)
    const told = /^the state of this boot is in \/run\/cloud-init\/state, .*cannot write \/var\/lib\/cloud/
    assertToldOnce(machine, told)
    assertNothingElse(machine, [told])
    const tree = machine.tree()
    assert.equal(tree['/etc/good']?.content, 'good\n')
    assert.ok(tree['/home/ada'])
    assert.ok(tree['/ran/runcmd'])
    assertFitToRead(machine)
  })

  test(`${code} everywhere: the boot ends, and each thing that could not be written is told`, async () => {
    const machine = withFailingDisk({ files: userData }, code, /^\//)
    await bootStages(machine)
    assertEnded(machine)
    for (const told of [
      /^the state of this boot is in \/run\/cloud-init\/state/,
      /write_files\[0\] \(\/etc\/good\): cannot write/,
      /cannot write \/etc\/hostname/,
      /users\[1\]: ada is not made/,
    ])
      assertToldOnce(machine, told)
    assert.ok(machine.records.some(({ level, message }) => level === 'ERROR' && problems[code].test(message)))
    // The user was tried, and sshd still has host keys: a machine whose disk has room again can be entered.
    assert.ok(machine.commands.some(({ argv }) => argv[0] === 'useradd' && argv.at(-1) === 'debian'))
    assert.equal(machine.tree()['/etc/ssh/ssh_host_ed25519_key']?.content, 'private of the image\n')
    assertFitToRead(machine)
  })

  test(`${code} everywhere at a later boot: nothing is done again, and the machine stays as reachable as it was`, async () => {
    const first = bootable({ files: userData })
    await bootStages(first)
    const machine = withFailingDisk({ files: { ...diskOf(first), '/run/systemd/system/': '' } }, code, /^\//)
    await bootStages(machine)
    assertEnded(machine)
    assertReachable(machine)
    assertToldOnce(machine, /^the state of this boot is in \/run\/cloud-init\/state/)
    assert.deepEqual(
      machine.commands.filter(({ argv }) => argv[0] === 'useradd' || argv[0]?.endsWith('/runcmd')),
      [],
    )
    assertFitToRead(machine)
  })
}

test('with nothing writable at all, not even /run, the boot still ends and says why', async () => {
  const machine = bootable({
    files: userData,
    fault: (action) => (changes.has(action) || action === 'make folder' ? 'EIO' : undefined),
  })
  await bootStages(machine)
  assert.ok(machine.records.some(({ message }) => /^this boot keeps no state.*EIO/.test(message)))
})

test('state that can not be read counts as none, and the machine becomes reachable', async () => {
  const machine = bootable({
    files: userData,
    fault: (_action, path) => (path.startsWith('/var/lib/cloud') ? 'EIO' : undefined),
  })
  await bootStages(machine)
  assertEnded(machine)
  assertReachable(machine)
  assertToldOnce(machine, /seed\/nocloud\/user-data is not copied: cannot read/)
  assertFitToRead(machine)
})
