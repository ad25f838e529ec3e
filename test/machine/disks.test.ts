import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listBlockDevices } from '../../src/machine/blkid.ts'
import { MountError } from '../../src/machine/errors.ts'
import { liveDisks } from '../../src/machine/live-disks.ts'
import { type MemoryCommandHandler, type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'

/** As the kernel shows them: a disk with a partition, a drive with a medium, one without, a RAID with a slash. */
const sysfs: Record<string, MemoryFile> = {
  '/sys/class/block/vda/size': '41943040\n',
  '/sys/class/block/vda1/size': '41940992\n',
  '/sys/class/block/vda1/partition': '1\n',
  '/sys/class/block/sr0/size': '752\n',
  '/sys/class/block/sr1/size': '0\n',
  '/sys/class/block/cciss!c0d0/size': '2048\n',
  '/dev/vda': { device: true },
  '/dev/vda1': { device: true },
  '/dev/sr0': { device: true },
  '/dev/sr1': { device: true },
  '/dev/cciss/c0d0': { device: true },
}

const exported = `DEVNAME=/dev/vda1
LABEL=root\\ disk
UUID=5a5a
TYPE=ext4
PARTUUID=01

DEVNAME=/dev/sr0
LABEL=config-2
LABEL_FATBOOT=CIDATA
UUID=2025-01-01
TYPE=iso9660
`

const listed = [
  { path: '/dev/cciss/c0d0', size: 1_048_576, isPartition: false },
  {
    label: 'config-2',
    labelFatboot: 'CIDATA',
    type: 'iso9660',
    uuid: '2025-01-01',
    path: '/dev/sr0',
    size: 385_024,
    isPartition: false,
  },
  { path: '/dev/vda', size: 21_474_836_480, isPartition: false },
  {
    label: 'root disk',
    type: 'ext4',
    uuid: '5a5a',
    partitionUuid: '01',
    path: '/dev/vda1',
    size: 21_473_787_904,
    isPartition: true,
  },
]

test('block devices are those of the kernel, with what blkid knows about them', async () => {
  const machine = memoryMachine({ files: sysfs, commands: { 'blkid -c /dev/null -o export': exported } })
  assert.deepEqual(await listBlockDevices(machine), listed)
})

test('a machine on which blkid finds nothing has devices without file systems', async () => {
  const machine = memoryMachine({ files: sysfs, commands: { 'blkid -c /dev/null -o export': { exitCode: 2 } } })
  const paths = (await listBlockDevices(machine)).map(({ path, type }) => [path, type])
  assert.deepEqual(paths, [
    ['/dev/cciss/c0d0', undefined],
    ['/dev/sr0', undefined],
    ['/dev/vda', undefined],
    ['/dev/vda1', undefined],
  ])
})

test("busybox's blkid, which knows no options, is understood", async () => {
  const plain = '/dev/sr0: LABEL="cidata" UUID="1" TYPE="iso9660"\n/dev/vda1: TYPE="ext4"\n'
  const machine = memoryMachine({
    files: sysfs,
    commands: { 'blkid -c /dev/null -o export': { exitCode: 1, stderr: 'usage' }, blkid: plain },
  })
  const found = (await listBlockDevices(machine)).find(({ path }) => path === '/dev/sr0')
  assert.deepEqual(found, {
    label: 'cidata',
    uuid: '1',
    type: 'iso9660',
    path: '/dev/sr0',
    size: 385_024,
    isPartition: false,
  })
})

test("without blkid the labels are those of udev's links", async () => {
  const machine = memoryMachine({
    which: [],
    files: {
      ...sysfs,
      '/dev/disk/by-label/config-2': { link: '../../sr0' },
      '/dev/disk/by-label/root\\x20disk': { link: '../../vda1' },
      '/dev/disk/by-uuid/5a5a': { link: '../../vda1' },
    },
  })
  const labels = (await listBlockDevices(machine)).map(({ path, label, uuid }) => [path, label, uuid])
  assert.deepEqual(labels, [
    ['/dev/cciss/c0d0', undefined, undefined],
    ['/dev/sr0', 'config-2', undefined],
    ['/dev/vda', undefined, undefined],
    ['/dev/vda1', 'root disk', '5a5a'],
  ])
})

/** Mounting that fails for all types but `type`; what was run is in `machine.commands`. */
const mounting =
  (type: string): MemoryCommandHandler =>
  (argv) => {
    if (argv[0] === 'umount') return {}
    if (argv[0] !== 'mount') return undefined
    return argv[4] === type
      ? {}
      : { exitCode: 32, stderr: 'mount: /run/x: wrong fs type\n       dmesg(1) may have more\n' }
  }

test('a disk is mounted read-only, by the first type that fits, and unmounted although its reader fails', async () => {
  const machine = memoryMachine({ onCommand: mounting('udf') })
  let folder = ''
  const reading = liveDisks(machine).withMounted(
    '/dev/sr0',
    (path) => {
      folder = path
      throw new Error('unreadable')
    },
    { types: ['iso9660', 'udf'] },
  )
  await assert.rejects(reading, /unreadable/)
  assert.deepEqual(
    machine.commands.map(({ argv }) => argv),
    [
      ['mount', '-o', 'ro,nosuid,nodev,noexec', '-t', 'iso9660', '--', '/dev/sr0', folder],
      ['mount', '-o', 'ro,nosuid,nodev,noexec', '-t', 'udf', '--', '/dev/sr0', folder],
      ['umount', folder],
    ],
  )
  assert.deepEqual(machine.journal.entries, [])
})

test('a disk that cannot be mounted is an error that names it and why', async () => {
  const machine = memoryMachine({ onCommand: mounting('none') })
  const reading = liveDisks(machine).withMounted('/dev/sr0', () => 1)
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof MountError)
    assert.equal(error.message, 'cannot mount /dev/sr0 read-only: auto: wrong fs type')
    return true
  })
})

test('a disk that is still in use when it is no longer needed is unmounted later, and the log says so', async () => {
  const machine = memoryMachine({
    onCommand: (argv) => (argv[0] === 'umount' && argv[1] !== '-l' ? { exitCode: 32, stderr: 'target is busy' } : {}),
  })
  assert.equal(await liveDisks(machine).withMounted('/dev/sr0', () => 'read'), 'read')
  assert.deepEqual(machine.commands.map(({ argv }) => argv.slice(0, 2).join(' ')).slice(-1), ['umount -l'])
  assert.match(machine.records[0]?.message ?? '', /is still in use/)
})
