import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fstabLine, readFstab } from '../../modules/mounts/fstab.ts'
import mounts from '../../modules/mounts/index.ts'
import { bytesOf, suggestedSize } from '../../modules/mounts/swap.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const gibibyte = 2 ** 30
const device: MemoryFile = { device: true }

const diskMachine = (files: Readonly<Record<string, MemoryFile>> = {}, more: MemoryOptions = {}): MemoryMachine =>
  madeUpDebian({
    which: ['fallocate', 'mkswap'],
    ...more,
    files: {
      '/dev/vdb': device,
      '/dev/vdc': device,
      '/dev/vdc1': device,
      '/proc/meminfo': 'MemTotal:        2097152 kB\n',
      '/proc/swaps': 'Filename Type Size Used Priority\n',
      ...files,
    },
    onCommand: async (argv, given, machine) => (await more.onCommand?.(argv, given, machine)) ?? '',
  })

const run = async (machine: MemoryMachine, config: JsonObject, more: Partial<ModuleContext> = {}): Promise<void> => {
  const context = await contextFor(machine, config, {}, more)
  await mounts.run(await acceptConfig(mounts, config, machine.log), context)
}

const fstabOf = (machine: MemoryMachine): string[][] =>
  (machine.files.readTextIfExists('/etc/fstab') ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'))

const usual = 'defaults,nofail,x-systemd.after=cloud-init-network.service,_netdev,comment=cloudconfig'

test('devices may be named in several ways; of a disk with partitions the first one is meant', async () => {
  const cases = [
    { name: '/dev/vdb', found: '/dev/vdb' },
    { name: 'vdb', found: '/dev/vdb' },
    { name: 'vdc', found: '/dev/vdc1' },
    { name: 'mine.1', found: '/dev/vdc1' },
    { name: 'mine.7', found: 'mine.7' },
    { name: 'ephemeral', found: '/dev/vdb' },
    { name: 'sdq', found: 'sdq' },
    { name: 'UUID=12-34', found: 'UUID=12-34' },
    { name: 'server:/export', found: 'server:/export' },
  ]
  for (const { name, found } of cases) {
    const machine = diskMachine()
    const cloudDevice = async (wanted: string) => (wanted === 'ephemeral0' && name === 'ephemeral' ? 'vdb' : undefined)
    await run(machine, { device_aliases: { mine: '/dev/vdc' }, mounts: [[name, '/data']] }, { cloudDevice })
    assert.deepEqual(fstabOf(machine), [[found, '/data', 'auto', usual, '0', '2']])
    assert.equal(machine.files.stat('/data')?.type, 'folder')
    assert.deepEqual(commandLines(machine), ['mount -a', 'systemctl daemon-reload'])
  }
})

test('missing and null fields come from the defaults', async () => {
  const machine = diskMachine()
  await run(machine, {
    mount_default_fields: [null, null, 'xfs', 'noatime', '1', '3'],
    mounts: [
      ['/dev/vdb', '/a'],
      ['/dev/vdc1', '/b c', null, 'ro', 5],
    ],
  })
  assert.deepEqual(fstabOf(machine), [
    ['/dev/vdb', '/a', 'xfs', 'noatime,comment=cloudconfig', '1', '3'],
    ['/dev/vdc1', '/b\\040c', 'xfs', 'ro,comment=cloudconfig', '5', '3'],
  ])
  assert.equal(machine.files.stat('/b c')?.type, 'folder')
})

test('a disk that the cloud calls ephemeral0 is mounted unasked, unless it is taken away', async () => {
  const cloudDevice = async (name: string) => (name === 'ephemeral0' ? '/dev/vdc' : undefined)
  const machine = diskMachine()
  await run(machine, {}, { cloudDevice })
  assert.deepEqual(fstabOf(machine), [['/dev/vdc1', '/mnt', 'auto', usual, '0', '2']])
  const without = diskMachine()
  await run(
    without,
    {
      mounts: [
        ['ephemeral0', '/mnt'],
        ['ephemeral0', null],
      ],
    },
    { cloudDevice },
  )
  assert.equal(without.files.exists('/etc/fstab'), false)
  assert.deepEqual(commandLines(without), [])
})

test('lines of an earlier instance are replaced, others stay and are not doubled', async () => {
  const machine = diskMachine({
    '/etc/fstab':
      '# mine\n/dev/vda1 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n/dev/vdc /old ext4 defaults,comment=cloudconfig 0 2\n',
    '/swap.img': 'x',
    '/proc/swaps': '/swap.img file 1 0 -2\n',
  })
  await run(machine, { mounts: [['/dev/vdb', '/new']], swap: { size: '1G' } })
  assert.deepEqual(machine.files.readText('/etc/fstab').split('\n'), [
    '# mine',
    '/dev/vda1 / ext4 defaults 0 1',
    '/swap.img none swap sw 0 0',
    `/dev/vdb\t/new\tauto\t${usual}\t0\t2`,
    '',
  ])
  assert.equal(
    commandLines(machine).some((line) => line.startsWith('mkswap')),
    false,
  )
})

test('a swap file is made for root alone, filled, and used', async () => {
  const machine = diskMachine()
  await run(machine, { swap: { filename: '/my/swap', size: '1.5G' } })
  assert.deepEqual(fstabOf(machine), [['/my/swap', 'none', 'swap', 'sw', '0', '0']])
  assert.equal(machine.tree()['/my/swap']?.mode, 0o600)
  assert.deepEqual(commandLines(machine).slice(0, 3), ['fallocate -l 1536M /my/swap', 'mkswap /my/swap', 'swapon -a'])
})

test('where fallocate fails zeros are written; where mkswap fails there is no swap file and the rest goes on', async () => {
  const machine = diskMachine(
    {},
    { onCommand: (argv) => (argv[0] === 'fallocate' || argv[0] === 'mkswap' ? { exitCode: 1 } : undefined) },
  )
  await run(machine, { swap: { size: '32M' }, mounts: [['/dev/vdb', '/data']] })
  assert.ok(commandLines(machine).includes('dd if=/dev/zero of=/swap.img bs=1M count=32'))
  assert.equal(machine.files.exists('/swap.img'), false)
  assert.match(complaints(machine).join(), /no swap file: mkswap/)
  assert.deepEqual(fstabOf(machine), [['/dev/vdb', '/data', 'auto', usual, '0', '2']])
})

test('sizes are bytes or have a unit; auto depends on the memory and the disk', () => {
  assert.deepEqual(
    [10, '10', '10B', '1K', '1.5M', '.5G', '2GiB'].map((size) => bytesOf(size, 'k')),
    [10, 10, 10, 1024, 1.5 * 2 ** 20, 2 ** 29, 2 * gibibyte],
  )
  assert.throws(() => bytesOf('much', 'swap.size'), /swap.size: "much" is not a size/)
  const cases = [
    { memory: 1, free: 100, most: undefined, size: 1 },
    { memory: 8, free: 100, most: undefined, size: 4 },
    { memory: 64, free: 100, most: undefined, size: 8 },
    { memory: 2, free: 4, most: undefined, size: 1 },
    { memory: 2, free: 100, most: 1, size: 1 },
    { memory: 2, free: 1, most: 4, size: 0.9 },
    { memory: 2, free: undefined, most: undefined, size: 2 },
  ]
  for (const { memory, free, most, size } of cases) {
    const bytes = (gigabytes: number | undefined) => (gigabytes === undefined ? undefined : gigabytes * gibibyte)
    assert.equal(suggestedSize(memory * gibibyte, bytes(free), bytes(most)), Math.floor(size * gibibyte))
  }
})

test('blanks in fields are written as fstab wants them, and read back', () => {
  const line = fstabLine(['/dev/disk/by-label/my disk', '/a\\b', 'auto', 'defaults', '0', '0'])
  assert.equal(line, '/dev/disk/by-label/my\\040disk\t/a\\134b\tauto\tdefaults\t0\t0')
  assert.deepEqual([...readFstab(`${line}\n`).devices], ['/dev/disk/by-label/my disk'])
})
