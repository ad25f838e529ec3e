import assert from 'node:assert/strict'
import { test } from 'node:test'
import resizefs from '../../modules/resizefs/index.ts'
import type { MemoryCommandHandler, MemoryMachine } from '../../src/machine/memory.ts'
import { disk, machineOf, type World } from './growing-machine.ts'
import { commandLines, complaints, contextFor } from './made-up-debian.ts'

const resize = async (world: World, wanted?: boolean | string): Promise<MemoryMachine> => {
  const machine = machineOf(world)
  await resizefs.run(wanted === undefined ? {} : { resize_rootfs: wanted }, await contextFor(machine, {}))
  return machine
}

test('each kind of file system grows by its own command', async () => {
  const version =
    (text: string): MemoryCommandHandler =>
    (argv) =>
      argv[1] === '--version' ? text : undefined
  const cases: [World, string][] = [
    [{}, 'resize2fs /dev/nvme0n1p1'],
    [{ root: 'ext3 /dev/nvme0n1p1' }, 'resize2fs /dev/nvme0n1p1'],
    [{ root: 'xfs /dev/nvme0n1p1' }, 'xfs_growfs /'],
    [
      { root: 'btrfs /dev/nvme0n1p1', onCommand: version('btrfs-progs v6.2\n') },
      'btrfs filesystem resize --enqueue max /',
    ],
    [{ root: 'btrfs /dev/nvme0n1p1', onCommand: version('btrfs-progs v4.9\n') }, 'btrfs filesystem resize max /'],
    [
      { root: 'btrfs /dev/nvme0n1p1', options: 'ro', files: { '/.snapshots/': '' }, onCommand: version('v4.9') },
      'btrfs filesystem resize max /.snapshots',
    ],
    [
      {
        root: 'ext4 /dev/root',
        files: { '/proc/cmdline': 'quiet root=PARTUUID=AB-01 ro', '/dev/disk/by-partuuid/ab-01': { device: true } },
      },
      'resize2fs /dev/disk/by-partuuid/ab-01',
    ],
  ]
  for (const [world, expected] of cases) assert.deepEqual(commandLines(await resize(world)), [expected])
})

test('noblock does not wait', async () => {
  const machine = await resize({}, 'noblock')
  assert.deepEqual(
    machine.commands.map(({ options }) => options.detached),
    [true],
  )
})

test('false, a container and an unknown file system leave the root as it is', async () => {
  const silent: [World, boolean | string | undefined][] = [
    [{}, false],
    [{ root: 'overlay overlay' }, undefined],
    [{ root: 'ext4 /dev/gone', files: { '/run/systemd/container': 'lxc\n' } }, undefined],
  ]
  for (const [world, wanted] of silent) {
    const machine = await resize(world, wanted)
    assert.deepEqual([commandLines(machine), complaints(machine)], [[], []])
  }
  const unknown = await resize({ root: 'f2fs /dev/nvme0n1p1' })
  assert.deepEqual(commandLines(unknown), [])
  assert.match(complaints(unknown).join(), /a mounted f2fs can't be grown/)
})

/** Superblocks of file systems with so many blocks of 4096 bytes. */
const ext = (blocks: number): Buffer => {
  const bytes = Buffer.alloc(4096)
  bytes.writeUInt16LE(0xef53, 1024 + 0x38)
  bytes.writeUInt32LE(blocks, 1024 + 0x04)
  bytes.writeUInt32LE(2, 1024 + 0x18)
  bytes.writeUInt32LE(32_768, 1024 + 0x20)
  bytes.writeUInt32LE(8192, 1024 + 0x28)
  bytes.writeUInt16LE(256, 1024 + 0x58)
  return bytes
}
const xfs = (blocks: number): Buffer => {
  const bytes = Buffer.alloc(512)
  bytes.write('XFSB', 'latin1')
  bytes.writeUInt32BE(4096, 4)
  bytes.writeBigUInt64BE(BigInt(blocks), 8)
  bytes.writeUInt32BE(65_536, 84)
  return bytes
}
const btrfs = (blocks: number, devices = 1): Buffer => {
  const bytes = Buffer.alloc(68 * 1024)
  bytes.write('_BHRfS_M', 65_536 + 0x40, 'latin1')
  bytes.writeBigUInt64LE(BigInt(devices), 65_536 + 0x88)
  bytes.writeUInt32LE(4096, 65_536 + 0x90)
  bytes.writeBigUInt64LE(BigInt(blocks) * 4096n, 65_536 + 0xd1)
  return bytes
}

test('a file system that fills its device costs no process, and one that does not, does', async () => {
  // 2 GiB: 524,288 blocks.
  const cases: [what: string, type: string, bytes: Buffer, sectors: number, commands: number][] = [
    ['ext4 fills it', 'ext4', ext(524_288), 4_194_304, 0],
    ['ext4, too little for one more group', 'ext4', ext(524_288), 4_194_304 + 4000, 0],
    ['ext4 can have one more group', 'ext4', ext(524_288), 4_194_304 + 8000, 1],
    ['ext4 is smaller', 'ext4', ext(400_000), 4_194_304, 1],
    ['xfs fills it', 'xfs', xfs(524_288), 4_194_304, 0],
    ['xfs, too little for one more group', 'xfs', xfs(524_288), 4_194_304 + 400, 0],
    ['xfs is smaller', 'xfs', xfs(524_288), 5_000_000, 1],
    ['btrfs fills it', 'btrfs', btrfs(524_288), 4_194_304, 0],
    ['btrfs is smaller', 'btrfs', btrfs(524_287), 4_194_304, 1],
    ['btrfs on two devices', 'btrfs', btrfs(524_288, 2), 4_194_304, 1],
    ['no superblock', 'ext4', Buffer.alloc(4096), 4_194_304, 1],
  ]
  for (const [what, type, bytes, sectors, commands] of cases) {
    const machine = await resize({
      root: `${type} /dev/nvme0n1p1`,
      files: { [`${disk}/nvme0n1p1/size`]: `${sectors}\n` },
      disks: [{ path: '/dev/nvme0n1p1', bytes }],
    })
    assert.equal(commandLines(machine).length, commands, what)
    assert.deepEqual(complaints(machine), [], what)
  }
})

test('a file system that is larger than its device is left alone, with a warning', async () => {
  const machine = await resize({ disks: [{ path: '/dev/nvme0n1p1', bytes: ext(600_000) }] })
  assert.deepEqual(machine.commands, [])
  assert.match(complaints(machine).join(), /\/ is larger than \/dev\/nvme0n1p1/)
})
