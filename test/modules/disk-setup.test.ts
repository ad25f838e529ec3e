import assert from 'node:assert/strict'
import { test } from 'node:test'
import diskSetup from '../../modules/disk_setup/index.ts'
import { gptScript, isLaidOut, mbrScript, partitionsOf } from '../../modules/disk_setup/layout.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommand, MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

interface World {
  /** lsblk's lines, by device. */
  readonly nodes?: Readonly<Record<string, string>>
  readonly dump?: string
  readonly fileSystems?: Readonly<Record<string, string>>
  readonly installed?: readonly string[]
  readonly devices?: readonly string[]
  readonly fails?: string
}

const blank = { '/dev/vdb': 'NAME="vdb" TYPE="disk" FSTYPE="" LABEL=""' }
const tools = ['sgdisk', 'sfdisk', 'partprobe', 'mkfs.ext4', 'mkfs.xfs', 'mkfs.vfat', 'mkswap']

/** A machine with a disk of a gibibyte. */
const diskMachine = ({
  nodes = blank,
  dump = '',
  fileSystems = {},
  installed = tools,
  devices = [],
  fails,
}: World = {}) =>
  madeUpDebian({
    which: installed,
    files: Object.fromEntries(
      ['/dev/vdb', '/dev/vdb1', '/dev/vdb2', ...devices].map((path): [string, MemoryFile] => [path, { device: true }]),
    ),
    onCommand: (argv): MemoryCommand => {
      const device = argv.at(-1) ?? ''
      if (argv[0] === fails) return { exitCode: 1, stderr: 'it broke' }
      if (argv[0] === 'lsblk') return nodes[device] ?? `NAME="${device.slice(5)}" TYPE="part" FSTYPE="" LABEL=""`
      if (argv[0] === 'blkid') return fileSystems[device] ?? { exitCode: 2 }
      if (argv[0] === 'sfdisk' && argv[1] === '--dump') return dump
      if (argv[1] === '--getsize64') return '1073741824\n'
      return argv[1] === '--getss' ? '512\n' : ''
    },
  })

const run = async (machine: MemoryMachine, config: JsonObject, more: Partial<ModuleContext> = {}): Promise<void> => {
  const context = await contextFor(machine, config, {}, more)
  await diskSetup.run(await acceptConfig(diskSetup, config, machine.log), context)
}

/** Commands that changed something, but for the kernel's rereading. */
const changes = (machine: MemoryMachine): string[] =>
  commandLines(machine).filter((line) => !/^(partprobe|blockdev)/.test(line))

test('an mbr table is a script for sfdisk, in sectors; the last partition takes the rest', () => {
  assert.equal(mbrScript(partitionsOf([33, [33, 82], 34], false, 3000, 'k')), ',990,83\n,990,82\n,,83\n')
  assert.equal(mbrScript(partitionsOf(true, false, 3000, 'k')), ',,83\n')
  assert.equal(
    gptScript(
      partitionsOf(
        [
          [50, 82],
          [50, '933ac7e1-2eb4-4f13-b844-0e14e2aef915'],
        ],
        true,
        100,
        'k',
      ),
    ),
    ',50,0657FD6D-A4AB-43C4-84E5-0933C84B4F4F\n,,933AC7E1-2EB4-4F13-B844-0E14E2AEF915\n',
  )
  assert.throws(() => partitionsOf([20, 20, 20, 20, 20], false, 100, 'k'), /4 partitions at most/)
  assert.throws(() => partitionsOf([0, 100], true, 100, 'k'), /k\[0\]: 0 is not a size in percent/)
  assert.throws(() => partitionsOf([[100, '1:2']], true, 100, 'k'), /is not a type of partition/)
})

test('a disk is as it should be when number and types of its partitions are', () => {
  const swap = '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F'
  const cases = [
    { layout: true as const, isGpt: true, found: [swap], fits: true },
    { layout: true as const, isGpt: true, found: [], fits: false },
    { layout: [50, 50], isGpt: false, found: ['7', '83'], fits: true },
    { layout: [100], isGpt: false, found: ['7', '83'], fits: false },
    { layout: [[100, 82]], isGpt: false, found: ['83'], fits: false },
    { layout: [[100, 82]], isGpt: true, found: [swap], fits: true },
    { layout: [[100, 83]], isGpt: true, found: [swap], fits: false },
  ]
  for (const { layout, isGpt, found, fits } of cases) assert.equal(isLaidOut(layout, isGpt, found), fits)
})

test('disks are partitioned by alias, by the cloud’s name and by path', async () => {
  for (const name of ['mine', 'ephemeral0', '/dev/vdb', 'vdb']) {
    const machine = diskMachine()
    const cloudDevice = async (asked: string) => (asked === 'ephemeral0' ? 'vdb' : undefined)
    const config = {
      device_aliases: { mine: '/dev/vdb' },
      disk_setup: { [name]: { table_type: 'gpt', layout: [[25, 82], 75] } },
    }
    await run(machine, config, { cloudDevice })
    assert.deepEqual(changes(machine), [
      'sgdisk -Z /dev/vdb',
      'sgdisk -n 1:0:+524288 /dev/vdb',
      'sgdisk -t 1:8200 /dev/vdb',
      'sgdisk -n 2:0:0 /dev/vdb',
    ])
  }
  const machine = diskMachine({ installed: ['sfdisk'] })
  await run(machine, { disk_setup: { '/dev/vdb': { table_type: 'gpt', layout: true } } })
  assert.deepEqual(changes(machine), ['sfdisk -X gpt --force /dev/vdb'])
})

test('what a disk holds is not overwritten unless that is asked for, and never twice', async () => {
  const used = { '/dev/vdb': `${blank['/dev/vdb']}\nNAME="vdb1" TYPE="part" FSTYPE="ext4" LABEL=""` }
  const cases = [
    { world: { nodes: used }, definition: { layout: [50, 50] }, expected: [] },
    { world: { fileSystems: { '/dev/vdb': '/dev/vdb: TYPE="xfs"\n' } }, definition: { layout: true }, expected: [] },
    {
      world: { nodes: used },
      definition: { layout: [50, 50], overwrite: true },
      expected: ['sfdisk --force /dev/vdb'],
    },
    {
      world: { nodes: used, dump: 'label: dos\n\n/dev/vdb1 : start= 2048, size= 99, type=83\n' },
      definition: { layout: true, overwrite: true },
      expected: [],
    },
    { world: {}, definition: { layout: false, overwrite: true }, expected: [] },
    { world: {}, definition: { overwrite: true }, expected: [] },
  ]
  for (const { world, definition, expected } of cases) {
    const machine = diskMachine(world)
    await run(machine, { disk_setup: { '/dev/vdb': definition } })
    assert.deepEqual(changes(machine), expected)
    assert.deepEqual(complaints(machine), [])
  }
})

test('removing a table wipes the partitions, then both ends of the disk', async () => {
  const nodes = { '/dev/vdb': `${blank['/dev/vdb']}\nNAME="vdb1" TYPE="part" FSTYPE="ext4" LABEL=""` }
  const machine = diskMachine({ nodes })
  await run(machine, { disk_setup: { '/dev/vdb': { layout: 'remove' } } })
  assert.deepEqual(changes(machine), [
    'wipefs --all /dev/vdb1',
    'dd if=/dev/zero of=/dev/vdb bs=512 conv=fsync,notrunc count=2048',
    'dd if=/dev/zero of=/dev/vdb bs=512 conv=fsync,notrunc seek=2095104 count=2048',
  ])
})

test('a file system goes where it is wanted, unless it is there', async () => {
  const two = {
    '/dev/vdb': `${blank['/dev/vdb']}\nNAME="vdb1" TYPE="part" FSTYPE="ext4" LABEL="old"\nNAME="vdb2" TYPE="part" FSTYPE="" LABEL=""`,
  }
  const taken = { '/dev/vdb': `${blank['/dev/vdb']}\nNAME="vdb1" TYPE="part" FSTYPE="ntfs" LABEL=""` }
  const ext4 = { '/dev/vdb1': '/dev/vdb1: LABEL="data" TYPE="ext4"\n' }
  const cases = [
    {
      entry: { device: '/dev/vdb', partition: 1, filesystem: 'ext4', label: 'data' },
      expected: ['mkfs.ext4 -L data /dev/vdb1'],
    },
    { entry: { device: 'mine.2', filesystem: 'swap' }, expected: ['mkswap /dev/vdb2'] },
    { entry: { device: '/dev/vdb1', filesystem: 'vfat', label: 'EFI' }, expected: ['mkfs.vfat -n EFI /dev/vdb1'] },
    {
      entry: { device: '/dev/vdb', partition: 'none', filesystem: 'xfs', extra_opts: '-i size=512' },
      expected: ['mkfs.xfs -f -i size=512 /dev/vdb'],
    },
    { entry: { device: '/dev/vdb', filesystem: 'ext4' }, expected: ['mkfs.ext4 -F /dev/vdb'] },
    {
      world: { fileSystems: ext4 },
      entry: { device: '/dev/vdb', partition: '1', filesystem: 'ext4', label: 'data' },
      expected: [],
    },
    {
      world: { fileSystems: ext4 },
      entry: { device: '/dev/vdb', partition: '1', filesystem: 'ext4', label: 'data', overwrite: true },
      expected: ['mkfs.ext4 -L data -F /dev/vdb1'],
    },
    { world: { nodes: two }, entry: { device: '/dev/vdb', filesystem: 'ext4', partition: 'any' }, expected: [] },
    {
      world: { nodes: two },
      entry: { device: '/dev/vdb', filesystem: 'ext4', partition: 'auto' },
      expected: ['mkfs.ext4 /dev/vdb2'],
    },
    {
      world: { nodes: taken },
      entry: { device: '/dev/vdb', filesystem: 'ext4', replace_fs: 'ntfs' },
      expected: ['mkfs.ext4 /dev/vdb1'],
    },
    {
      world: { nodes: taken },
      entry: { device: '/dev/vdb', filesystem: 'ext4' },
      expected: [],
      complaint: /there is no room/,
    },
    {
      entry: { device: '/dev/vdb', partition: 9, filesystem: 'ext4' },
      expected: [],
      complaint: /no partition \/dev\/vdb9/,
    },
    { entry: { device: '/dev/vdx', filesystem: 'ext4' }, expected: [], complaint: /fs_setup\[0\]: there is no device/ },
    { entry: { device: '/dev/vdb', filesystem: 'zfs' }, expected: [], complaint: /mkfs.zfs is not installed/ },
    { entry: { device: '/dev/vdb' }, expected: [], complaint: /filesystem is missing/ },
    {
      entry: {
        device: '/dev/vdb1',
        filesystem: 'ext4',
        label: 'x',
        cmd: 'mkfs -t %(filesystem)s -L %(label)s %(device)s',
      },
      expected: ['sh -c mkfs -t ext4 -L x /dev/vdb1'],
    },
    { entry: { device: '/dev/vdb1', cmd: ['mkfs.own', '%(device)s'] }, expected: ['mkfs.own /dev/vdb1'] },
  ]
  for (const { world, entry, expected, complaint } of cases) {
    const machine = diskMachine(world)
    await run(machine, { device_aliases: { mine: '/dev/vdb' }, fs_setup: [entry] })
    assert.deepEqual(changes(machine), expected, JSON.stringify(entry))
    if (complaint) assert.match(complaints(machine).join(), complaint)
    else assert.deepEqual(complaints(machine), [])
  }
})

test('partitions of disks whose names end in a digit have a p, and what fails stops nothing else', async () => {
  const machine = diskMachine({ devices: ['/dev/nvme0n1', '/dev/nvme0n1p1'], fails: 'mkfs.xfs' })
  await run(machine, {
    fs_setup: [
      { device: '/dev/vdb1', filesystem: 'xfs' },
      { device: '/dev/nvme0n1', partition: 1, filesystem: 'ext4' },
    ],
  })
  assert.deepEqual(changes(machine), ['mkfs.xfs /dev/vdb1', 'mkfs.ext4 /dev/nvme0n1p1'])
  assert.match(complaints(machine).join(), /fs_setup\[0\]: mkfs.xfs \/dev\/vdb1: exit code 1: it broke/)
})
