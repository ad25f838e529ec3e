import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CleanOptions, clean } from '../../src/boot/clean.ts'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { bootable, bootStages, seed } from './made-up-boot.ts'

const nothingMore: CleanOptions = { logs: false, seed: false, machineId: false, reboot: false, configs: [] }

const booted = async (): Promise<MemoryMachine> => {
  const machine = bootable({
    files: {
      ...seed('#cloud-config\n{}\n'),
      '/var/log/cloud-init.log': 'a log\n',
      '/var/log/cloud-init-output.log': 'a log\n',
      '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
      '/etc/netplan/50-cloud-init.yaml': 'network: {}\n',
      '/etc/netplan/01-own.yaml': 'network: {}\n',
      '/etc/systemd/network/10-cloud-init-eth0.network': '[Match]\n',
      '/etc/systemd/network/20-own.network': '[Match]\n',
      '/etc/ssh/sshd_config.d/50-cloud-init.conf': 'PasswordAuthentication no\n',
    },
    commands: { 'shutdown -r now': '' },
  })
  await bootStages(machine)
  return machine
}

const isThere = (machine: MemoryMachine, paths: readonly string[]): string[] =>
  paths.filter((path) => machine.files.exists(path))

const state = ['/var/lib/cloud/data', '/var/lib/cloud/instance', '/var/lib/cloud/instances', '/run/cloud-init']
const logs = ['/var/log/cloud-init.log', '/var/log/cloud-init-output.log']
const seedFolder = ['/var/lib/cloud/seed']

test('clean forgets the instance, and keeps seed, logs and everything outside', async () => {
  const machine = await booted()
  assert.deepEqual(await clean(machine, nothingMore), [])
  assert.deepEqual(isThere(machine, state), [])
  assert.deepEqual(isThere(machine, [...logs, ...seedFolder, '/home/debian']), [...logs, ...seedFolder, '/home/debian'])
  assert.deepEqual(await bootStages(machine), [])
  assert.equal(machine.tree()['/var/lib/cloud/data/previous-instance-id']?.content, 'NO_PREVIOUS_INSTANCE_ID\n')
})

const more: readonly (readonly [name: string, options: Partial<CleanOptions>, gone: readonly string[]])[] = [
  ['logs', { logs: true }, logs],
  ['seed', { seed: true }, seedFolder],
  ['the sshd configuration', { configs: ['ssh_config'] }, ['/etc/ssh/sshd_config.d/50-cloud-init.conf']],
  [
    'the network configuration',
    { configs: ['network'] },
    ['/etc/netplan/50-cloud-init.yaml', '/etc/systemd/network/10-cloud-init-eth0.network'],
  ],
  [
    'all configuration',
    { configs: ['all'] },
    ['/etc/ssh/sshd_config.d/50-cloud-init.conf', '/etc/netplan/50-cloud-init.yaml'],
  ],
]
for (const [name, options, gone] of more) {
  test(`clean removes ${name} when it is asked to, and nobody else’s files`, async () => {
    const machine = await booted()
    await clean(machine, { ...nothingMore, ...options })
    assert.deepEqual(isThere(machine, gone), [])
    const others = ['/etc/netplan/01-own.yaml', '/etc/systemd/network/20-own.network']
    assert.deepEqual(isThere(machine, others), others)
  })
}

test('clean makes the machine ask for a new id, and reboots', async () => {
  const machine = await booted()
  await clean(machine, { ...nothingMore, machineId: true, reboot: true })
  assert.equal(machine.tree()['/etc/machine-id']?.content, 'uninitialized\n')
  assert.deepEqual(machine.commands.at(-1)?.argv, ['shutdown', '-r', 'now'])
})

test('what can not be removed is told, the rest is removed, and there is no reboot', async () => {
  let isOver = false
  const machine = bootable({
    files: seed('#cloud-config\n{}\n'),
    fault: (action, path) => (isOver && action === 'remove' && path.endsWith('/data') ? 'EROFS' : undefined),
  })
  await bootStages(machine)
  isOver = true
  const failures = await clean(machine, { ...nothingMore, reboot: true })
  assert.equal(failures.length, 1)
  assert.match(failures[0] ?? '', /^cannot remove \/var\/lib\/cloud\/data: .*read-only/)
  assert.deepEqual(isThere(machine, state), ['/var/lib/cloud/data'])
  assert.ok(machine.commands.every(({ argv }) => argv[0] !== 'shutdown'))
})
