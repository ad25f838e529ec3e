import assert from 'node:assert/strict'
import { test } from 'node:test'
import ssh from '../../modules/ssh/index.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, debianFiles, madeUpDebian } from './made-up-debian.ts'

const one = 'ssh-ed25519 AAAAone one@example'
const two = 'ssh-rsa AAAAtwo two@example'

const withDebianUser: Readonly<Record<string, MemoryFile>> = {
  '/etc/passwd': `${debianFiles['/etc/passwd']}debian:x:1000:1000::/home/debian:/bin/bash\n`,
  '/home/debian': { folder: true, userId: 1000, groupId: 1000 },
  '/etc/ssh/ssh_host_dsa_key': { content: 'of the image', mode: 0o600 },
  '/etc/ssh/ssh_host_rsa_key': { content: 'of the image', mode: 0o600 },
  '/etc/ssh/ssh_host_rsa_key.pub': 'ssh-rsa AAAAimage\n',
}

interface Outcome {
  readonly machine: MemoryMachine
  readonly published: readonly string[] | undefined
  readonly failure: string | undefined
}

const run = async (
  config: JsonObject,
  { files = {}, data = {} }: { files?: Readonly<Record<string, MemoryFile>>; data?: Partial<InstanceData> } = {},
): Promise<Outcome> => {
  const machine = madeUpDebian({ files: { ...withDebianUser, ...files } })
  let published: readonly string[] | undefined
  const context = await contextFor(machine, { users: ['default'], ...config }, data, {
    publishHostKeys: async (keys) => {
      published = keys
    },
  })
  try {
    await ssh.run({}, context)
    return { machine, published, failure: undefined }
  } catch (error) {
    return { machine, published, failure: error instanceof Error ? error.message : String(error) }
  }
}

const hostKeyFiles = (machine: MemoryMachine): string[] =>
  machine.files.list('/etc/ssh').filter((name) => name.startsWith('ssh_host_'))

test('host keys of the image are removed, new ones generated and published', async () => {
  const { machine, published, failure } = await run({})
  assert.equal(failure, undefined)
  assert.deepEqual(hostKeyFiles(machine), [
    'ssh_host_ecdsa_key',
    'ssh_host_ecdsa_key.pub',
    'ssh_host_ed25519_key',
    'ssh_host_ed25519_key.pub',
    'ssh_host_rsa_key',
    'ssh_host_rsa_key.pub',
  ])
  assert.deepEqual(published, ['ssh-ecdsa AAAAecdsa', 'ssh-ed25519 AAAAed25519', 'ssh-rsa AAAArsa'])
  const announced = machine.records.filter((record) => record.announced)
  assert.match(announced.map(({ message }) => message).join(), /Generating public\/private rsa key pair/)
})

test('the types to generate and to publish can be chosen, and quietly', async () => {
  const { machine, published } = await run({
    ssh_genkeytypes: ['ed25519', 'dsa', 'nonsense', '../x'],
    ssh_quiet_keygen: true,
    ssh_publish_hostkeys: { blacklist: ['dsa'] },
  })
  assert.deepEqual(hostKeyFiles(machine), [
    'ssh_host_dsa_key',
    'ssh_host_dsa_key.pub',
    'ssh_host_ed25519_key',
    'ssh_host_ed25519_key.pub',
  ])
  assert.deepEqual(published, ['ssh-ed25519 AAAAed25519'])
  assert.ok(machine.records.every((record) => !record.announced))
  assert.deepEqual((await run({ ssh_publish_hostkeys: { enabled: false } })).published, undefined)
  assert.deepEqual(hostKeyFiles((await run({ ssh_genkeytypes: [] })).machine), [])
})

test('host keys that are kept are not generated again, and a lost public key is made from its private one', async () => {
  const files = { '/etc/ssh/ssh_host_ed25519_key': { content: 'mine', mode: 0o600 } }
  const { machine } = await run({ ssh_deletekeys: false, ssh_genkeytypes: ['rsa', 'ed25519'] }, { files })
  assert.deepEqual(commandLines(machine), ['ssh-keygen -y -f /etc/ssh/ssh_host_ed25519_key'])
  assert.equal(machine.files.readText('/etc/ssh/ssh_host_ed25519_key.pub'), 'ssh-made from-mine root@localhost\n')
})

test('host keys without content, as a power cut leaves them, are made anew even where keys are kept', async () => {
  const files = {
    '/etc/ssh/ssh_host_ed25519_key': { content: '', mode: 0o600 },
    '/etc/ssh/ssh_host_ed25519_key.pub': '',
  }
  const { machine } = await run({ ssh_deletekeys: false, ssh_genkeytypes: ['ed25519'] }, { files })
  assert.deepEqual(commandLines(machine), ['ssh-keygen -t ed25519 -N  -f /etc/ssh/ssh_host_ed25519_key'])
  assert.notEqual(machine.files.readText('/etc/ssh/ssh_host_ed25519_key'), '')
})

test('FIPS machines get no ed25519 key', async () => {
  const { machine } = await run({}, { files: { '/proc/sys/crypto/fips_enabled': '1\n' } })
  assert.ok(!hostKeyFiles(machine).includes('ssh_host_ed25519_key'))
})

test('host keys that are given are written for root alone, certificates are named to sshd', async () => {
  const { machine, failure } = await run({
    ssh_keys: {
      rsa_private: 'private rsa',
      rsa_public: 'ssh-rsa AAAAgiven',
      rsa_certificate: 'cert rsa',
      ed25519_private: 'private ed\n',
      ed25519_certificate: 'cert ed',
      'ecdsa-sk_private': 'x',
      '../../evil_private': 'x',
    },
  })
  assert.equal(failure, undefined)
  const tree = machine.tree()
  assert.deepEqual(hostKeyFiles(machine), [
    'ssh_host_ed25519_key',
    'ssh_host_ed25519_key-cert.pub',
    'ssh_host_ed25519_key.pub',
    'ssh_host_rsa_key',
    'ssh_host_rsa_key-cert.pub',
    'ssh_host_rsa_key.pub',
  ])
  assert.equal(tree['/etc/ssh/ssh_host_rsa_key']?.mode, 0o600)
  assert.equal(tree['/etc/ssh/ssh_host_rsa_key.pub']?.content, 'ssh-rsa AAAAgiven\n')
  assert.equal(tree['/etc/ssh/ssh_host_ed25519_key.pub']?.content, 'ssh-made from-private ed root@localhost\n')
  assert.equal(
    tree['/etc/ssh/sshd_config.d/50-cloud-init.conf']?.content,
    'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\nHostCertificate /etc/ssh/ssh_host_rsa_key-cert.pub\n',
  )
  assert.equal(complaints(machine).length, 2)
})

test('ssh_keys that are no mapping still leave a machine with host keys', async () => {
  const { machine, failure } = await run({ ssh_keys: 'nope' })
  assert.equal(failure, undefined)
  assert.equal(hostKeyFiles(machine).length, 6)
})

test('keys of the cloud and of the configuration open the default user; root refuses them', async () => {
  const { machine } = await run({ ssh_authorized_keys: [two, one] }, { data: { publicKeys: [one] } })
  assert.equal(machine.tree()['/home/debian/.ssh/authorized_keys']?.content, `${one}\n${two}\n`)
  const refusal =
    'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo \'Please login as the user \\"debian\\" rather than the user \\"root\\".\';echo;sleep 10;exit 142"'
  assert.equal(machine.tree()['/root/.ssh/authorized_keys']?.content, `${refusal} ${one}\n${refusal} ${two}\n`)
})

test('what root refuses, and with which options, can be chosen', async () => {
  const cases: [JsonObject, string, string][] = [
    [{ disable_root: false }, `${one}\n`, `${one}\n`],
    [{ disable_root: true, disable_root_opts: 'command="$USER"' }, `${one}\n`, `command="debian" ${one}\n`],
    [{ disable_root_opts: '' }, `${one}\n`, `${one}\n`],
    [{ disable_root: false, allow_public_ssh_keys: false }, '', ''],
    [{ disable_root: 0, allow_public_ssh_keys: 'yes' }, `${one}\n`, `${one}\n`],
  ]
  for (const [config, debian, root] of cases) {
    const { machine } = await run(config, { data: { publicKeys: [one] } })
    assert.equal(machine.tree()['/home/debian/.ssh/authorized_keys']?.content, debian)
    assert.equal(machine.tree()['/root/.ssh/authorized_keys']?.content, root)
  }
})

test('without a default user only root is told, and to nobody', async () => {
  const { machine } = await run({ users: [] }, { data: { publicKeys: [one] } })
  assert.equal(machine.tree()['/home/debian/.ssh/authorized_keys'], undefined)
  assert.match(machine.tree()['/root/.ssh/authorized_keys']?.content ?? '', /login as the user \\"NONE\\"/)
})

test('a home folder that is a trap costs root nothing', async () => {
  const files = { '/home/debian/.ssh': { link: '/root/.ssh' } }
  const { machine, failure } = await run({ disable_root: false }, { files, data: { publicKeys: [one] } })
  assert.match(failure ?? '', /\/home\/debian\/.ssh: it is a link/)
  assert.equal(machine.tree()['/root/.ssh/authorized_keys']?.content, `${one}\n`)
})
