import assert from 'node:assert/strict'
import { test } from 'node:test'
import growpart from '../../modules/growpart/index.ts'
import { spaceBehind } from '../../modules/growpart/partition-table.ts'
import resizefs from '../../modules/resizefs.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommandHandler, MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

interface World {
  /** Type and source of the root file system. */
  readonly root?: string
  readonly options?: string
  readonly installed?: readonly string[]
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly onCommand?: MemoryCommandHandler
}

const disk = '/sys/devices/pci0000:00/nvme/nvme0n1'

/** A machine with its root on the first partition of an NVMe disk, whose names end in digits either way. */
const machineOf = ({
  root = 'ext4 /dev/nvme0n1p1',
  options = 'rw',
  installed = ['growpart'],
  files,
  onCommand,
}: World = {}) =>
  madeUpDebian({
    which: installed,
    files: {
      '/proc/self/mountinfo': `29 1 259:1 / / ${options},relatime shared:1 - ${root} rw\n30 29 0:5 / /proc rw - proc proc rw\n`,
      '/dev/nvme0n1': { device: true },
      '/dev/nvme0n1p1': { device: true },
      [`${disk}/size`]: '20971520\n',
      [`${disk}/nvme0n1p1/partition`]: '1\n',
      [`${disk}/nvme0n1p1/start`]: '2048\n',
      [`${disk}/nvme0n1p1/size`]: '4194304\n',
      '/sys/class/block/nvme0n1': { link: disk },
      '/sys/class/block/nvme0n1p1': { link: `${disk}/nvme0n1p1` },
      ...files,
    },
    onCommand: async (argv, given, machine) => (await onCommand?.(argv, given, machine)) ?? '',
  })

const grow = async (machine: MemoryMachine, settings: JsonObject = {}): Promise<void> => {
  await growpart.run({ growpart: settings }, await contextFor(machine, {}))
}

test('the partition of / grows by its number in sysfs', async () => {
  const machine = machineOf()
  await grow(machine)
  assert.deepEqual(commandLines(machine), ['growpart /dev/nvme0n1 1'])
  const run = machine.commands.find(({ asked }) => !asked)
  assert.match(run?.options.env?.['TMPDIR'] ?? '', /^\/run\/cloud-init\//)
  assert.equal(machine.files.exists('/run/cloud-init/tmp/growpart'), false)
})

test('nothing is written where nothing can grow', async () => {
  const machine = machineOf({
    onCommand: (argv) => (argv[1] === '--dry-run' ? { exitCode: 1, stdout: 'NOCHANGE' } : undefined),
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), [])
})

test('a partition with a neighbour, or the end of the disk, right behind it costs no command at all', async () => {
  const full = machineOf({ files: { [`${disk}/size`]: '4198400\n' } })
  const between = machineOf({
    files: { [`${disk}/nvme0n1p2/partition`]: '2\n', [`${disk}/nvme0n1p2/start`]: '4196352\n' },
  })
  for (const machine of [full, between]) {
    await grow(machine)
    assert.deepEqual(machine.commands, [])
  }
})

test('nothing grows when it is switched off, forbidden by the image, or there is no partition', async () => {
  const off: [JsonObject, World][] = [
    [{ mode: 'off' }, {}],
    [{ mode: false }, {}],
    [{ devices: [] }, {}],
    [{}, { files: { '/etc/growroot-disabled': '' } }],
    [{}, { root: 'overlay overlay' }],
    [{}, { installed: [] }],
    [{ devices: ['/dev/nothing', '/dev/nvme0n1'] }, {}],
  ]
  for (const [settings, world] of off) {
    const machine = machineOf(world)
    await grow(machine, settings)
    assert.deepEqual(commandLines(machine), [], JSON.stringify([settings, world]))
  }
  const refused = machineOf()
  await growpart.run({}, await contextFor(refused, { growpart: false }))
  assert.deepEqual(commandLines(refused), [])

  const ignoring = machineOf({ files: { '/etc/growroot-disabled': '' } })
  await grow(ignoring, { ignore_growroot_disabled: true })
  assert.equal(commandLines(ignoring).length, 1)
})

test('a tool that is asked for by name must be there', async () => {
  await assert.rejects(
    grow(machineOf({ installed: ['sfdisk', 'partx'] }), { mode: 'growpart' }),
    /growpart is not installed/,
  )
})

test('one device that fails does not stop the others', async () => {
  const machine = machineOf({
    files: {
      [`${disk}/nvme0n1p2/partition`]: '2\n',
      '/sys/class/block/nvme0n1p2': { link: `${disk}/nvme0n1p2` },
      '/dev/nvme0n1p2': { device: true },
    },
    onCommand: (argv) =>
      argv.join(' ') === 'growpart /dev/nvme0n1 2' ? { exitCode: 2, stderr: 'FAILED: broken' } : undefined,
  })
  await assert.rejects(grow(machine, { devices: ['/dev/nvme0n1p2', '/'] }), /nvme0n1p2/)
  assert.deepEqual(commandLines(machine), ['growpart /dev/nvme0n1 2', 'growpart /dev/nvme0n1 1'])
})

const mapped: Readonly<Record<string, MemoryFile>> = {
  '/dev/mapper/root': { link: '../dm-0' },
  '/dev/dm-0': { device: true },
  '/sys/class/block/dm-0/slaves/nvme0n1p1': '',
}
const keyData = (text: string): Readonly<Record<string, MemoryFile>> => ({ '/cc_growpart_keydata': text })

test('an encrypted volume grows after its partition, and the key for that is destroyed', async () => {
  let key = ''
  const machine = machineOf({
    root: 'ext4 /dev/mapper/root',
    installed: ['growpart', 'cryptsetup'],
    files: { ...mapped, ...keyData('{"key": "c2VjcmV0", "slot": 5}') },
    onCommand: (argv, { input }) => {
      if (argv.includes('resize')) key = Buffer.from(input ?? '').toString()
      return undefined
    },
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), [
    'growpart /dev/nvme0n1 1',
    'cryptsetup --key-file - resize /dev/dm-0',
    'cryptsetup luksKillSlot --batch-mode /dev/nvme0n1p1 5',
  ])
  assert.equal(key, 'secret')
  assert.equal(machine.files.exists('/cc_growpart_keydata'), false)
})

test('an encrypted volume that can not be grown loses its key all the same', async () => {
  const machine = machineOf({
    root: 'ext4 /dev/mapper/root',
    installed: ['growpart', 'cryptsetup'],
    files: { ...mapped, ...keyData('{"key": "c2VjcmV0", "slot": 5}') },
    onCommand: (argv) => (argv.includes('resize') ? { exitCode: 1 } : undefined),
  })
  await assert.rejects(grow(machine), /cryptsetup/)
  assert.equal(commandLines(machine).at(-1), 'cryptsetup luksKillSlot --batch-mode /dev/nvme0n1p1 5')
  assert.equal(machine.files.exists('/cc_growpart_keydata'), false)
})

test('without a key, or with a broken one, the volume stays, and the partition grows', async () => {
  for (const [files, fails] of [
    [{}, false],
    [keyData('secret stuff'), true],
    [keyData('{"key": "c2VjcmV0"}'), true],
  ] as const) {
    const installed = ['growpart', 'cryptsetup']
    const machine = machineOf({ root: 'ext4 /dev/mapper/root', installed, files: { ...mapped, ...files } })
    if (fails) await assert.rejects(grow(machine), /cc_growpart_keydata/)
    else await grow(machine)
    assert.deepEqual(commandLines(machine), ['growpart /dev/nvme0n1 1'])
    assert.ok(!complaints(machine).join().includes('secret stuff'))
  }
})

test('a mapped device that is not encrypted is left alone', async () => {
  const machine = machineOf({
    root: 'ext4 /dev/mapper/root',
    installed: ['growpart', 'cryptsetup'],
    files: mapped,
    onCommand: (argv) => (argv[0] === 'cryptsetup' ? { exitCode: 4 } : undefined),
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), [])
})

const gpt = `label: gpt
device: /dev/nvme0n1
unit: sectors
first-lba: 34
last-lba: 10485726
sector-size: 512

/dev/nvme0n1p1 : start=     2048, size=     8192, type=21686148-6449-6E6F-744E-656564454649
/dev/nvme0n1p2 : start=    10240, size= 10475487, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
`
const mbr = `label: dos
unit: sectors

/dev/vda1 : start=        2048, size=      204800, type=83, bootable
/dev/vda2 : start=      206848, size=     4194304, type=5
/dev/vda5 : start=      208896, size=     1000000, type=83
`

test('there is room behind a partition up to its neighbour, its container, or the end of the disk', () => {
  const cases: [string, number, number, boolean | undefined][] = [
    [gpt, 2, 20971520, true],
    [gpt, 2, 10485760, false],
    [gpt, 1, 20971520, false],
    [gpt, 3, 20971520, undefined],
    [mbr, 1, 8388608, false],
    [mbr, 2, 8388608, true],
    [mbr, 5, 8388608, true],
    [mbr, 5, 4401152, true],
    [mbr.replace('1000000', '4190208'), 5, 8388608, false],
    [mbr, 2, 4401152, false],
  ]
  for (const [dump, number, disk512, expected] of cases) {
    assert.equal(spaceBehind(dump, number, disk512)?.isWorthwhile, expected, `${number} of ${disk512}`)
  }
})

test('without growpart, sfdisk does it: the second GPT moves, the partition grows, the kernel is told', async () => {
  const dump = gpt.replace(/.*p2.*\n/, '').replace('8192', '4194304')
  const machine = machineOf({
    installed: ['sfdisk', 'partx'],
    onCommand: (argv) => (argv[1] === '--dump' ? dump : argv[1] === '--getsz' ? '20971520\n' : undefined),
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), [
    'sfdisk --relocate gpt-bak-std /dev/nvme0n1',
    'sfdisk --no-reread --no-tell-kernel --force -N 1 /dev/nvme0n1',
    'partx --update --nr 1 /dev/nvme0n1',
  ])
})

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
