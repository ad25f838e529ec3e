import assert from 'node:assert/strict'
import { test } from 'node:test'
import lxd from '../../modules/lxd/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand } from '../../src/machine/memory.ts'
import { commandLines, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (
  given: JsonObject,
  answer: (line: string) => MemoryCommand | undefined = () => undefined,
  installed: readonly string[] = [],
) => {
  const machine = madeUpDebian({
    which: ['apt-get', 'apt-cache', 'snap', 'lxd', 'lxc', ...installed],
    commands: { 'apt-cache pkgnames': 'zfsutils-linux\nlvm2\nbtrfs-progs\n' },
    onCommand: (argv) =>
      answer(argv.join(' ')) ?? (['apt-get', 'snap', 'lxd', 'lxc'].includes(argv[0] ?? '') ? '' : undefined),
  })
  const config = { lxd: given }
  const outcome = await Promise.resolve(lxd.run(config, await contextFor(machine, config))).then(
    () => 'done',
    (error: Error) => error.message,
  )
  const commands = commandLines(machine).filter((line) => !line.includes(' update') && !line.includes('waitready'))
  return { machine, outcome, commands: commands.map((line) => line.replace(/^apt-get .* install/, 'apt-get install')) }
}

test('LXD is initialised with the options that are given', async () => {
  const init = { storage_backend: 'dir', network_port: 8443, network_address: '[::]', trust_password: 'S3CRET' }
  const { machine, commands } = await run({ init })
  assert.deepEqual(commands, [
    'lxd init --auto --network-address=[::] --network-port=8443 --storage-backend=dir --trust-password=S3CRET',
  ])
  assert.ok(!JSON.stringify([machine.journal.entries, machine.records]).includes('S3CRET'))
})

test('what the storage needs is installed, and nothing that is there', async () => {
  const zfs = await run({ init: { storage_backend: 'zfs' } })
  assert.deepEqual(zfs.commands, ['apt-get install zfsutils-linux', 'lxd init --auto --storage-backend=zfs'])
  const there = await run({ init: { storage_backend: 'zfs' } }, undefined, ['zfs'])
  assert.deepEqual(there.commands, ['lxd init --auto --storage-backend=zfs'])
})

test('a preseed is handed over as it is, with what its pools need', async () => {
  const preseed = 'storage_pools:\n- name: a\n  driver: btrfs\n- name: b\n  driver: lvm\n'
  const { machine, commands } = await run({ preseed })
  assert.deepEqual(commands, ['apt-get install lvm2 btrfs-progs', 'lxd init --preseed'])
  assert.equal(machine.commands.at(-1)?.options.input, preseed)
})

test('a preseed and other options contradict each other: nothing is done', async () => {
  const { outcome, commands } = await run({ preseed: 'config: {}', init: { storage_backend: 'dir' } })
  assert.match(outcome, /^lxd.preseed: it can not stand together with init or bridge/)
  assert.deepEqual(commands, [])
})

test('the snap is installed where it is missing', async () => {
  const { commands } = await run({ init: {} }, (line) => (line === 'snap list lxd' ? { exitCode: 1 } : undefined))
  assert.deepEqual(commands, ['snap install lxd'])
})

test('a new bridge takes the place of the one that lxd init makes', async () => {
  const bridge = { mode: 'new', ipv4_address: '192.0.2.1', ipv4_netmask: 24, mtu: 9000, domain: 'lxd' }
  const { commands } = await run({ init: { storage_backend: 'dir' }, bridge })
  assert.deepEqual(commands.slice(1), [
    'lxc network detach-profile lxdbr0 default --force-local',
    'lxc network delete lxdbr0 --force-local',
    'lxc profile device remove default eth0 --force-local',
    'lxc network create lxdbr0 ipv4.address=192.0.2.1/24 ipv4.nat=true ipv6.address=none dns.domain=lxd bridge.mtu=9000 --force-local',
    'lxc network attach-profile lxdbr0 default eth0 --force-local',
  ])
})

test('a bridge that is not there need not be removed', async () => {
  const missing = (line: string): MemoryCommand | undefined =>
    /detach|remove/.test(line) ? { exitCode: 1 } : undefined
  const { outcome, commands } = await run({ init: { storage_backend: 'dir' }, bridge: { mode: 'existing' } }, missing)
  assert.equal(outcome, 'done')
  assert.deepEqual(commands.slice(1), [
    'lxc profile device remove default eth0 --force-local',
    'lxc network attach-profile lxdbr0 default eth0 --force-local',
  ])
})

test('no bridge, or one of another name: nothing is removed', async () => {
  assert.deepEqual((await run({ bridge: { mode: 'none' } })).commands, [])
  const { commands } = await run({ init: { storage_backend: 'dir' }, bridge: { mode: 'existing', name: 'br0' } })
  assert.deepEqual(commands.slice(1), ['lxc network attach-profile br0 default eth0 --force-local'])
})

test('without thin pools LVM is set up beforehand', async () => {
  let tries = 0
  const { outcome, commands } = await run({ init: { storage_backend: 'lvm' } }, (line) => {
    if (!line.startsWith('lxd init')) return undefined
    tries += 1
    return tries === 1 ? { exitCode: 1 } : ''
  })
  assert.equal(outcome, 'done')
  assert.deepEqual(commands.slice(1), [
    'lxd init --auto --storage-backend=lvm',
    'lxc storage create default lvm lvm.use_thinpool=false',
    'lxd init --auto',
  ])
})
