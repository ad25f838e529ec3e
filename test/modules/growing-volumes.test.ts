import assert from 'node:assert/strict'
import { test } from 'node:test'
import growpart from '../../modules/growpart/index.ts'
import type { MemoryCommand, MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { disk, machineOf, type World } from './growing-machine.ts'
import { commandLines, complaints, contextFor } from './made-up-debian.ts'

const grow = async (machine: MemoryMachine): Promise<void> => {
  await growpart.run({}, await contextFor(machine, {}))
}

const mapped: Readonly<Record<string, MemoryFile>> = {
  '/dev/mapper/root': { link: '../dm-0' },
  '/dev/dm-0': { device: true },
  '/sys/class/block/dm-0/slaves/nvme0n1p1': '',
  '/sys/class/block/dm-0/dm/uuid': 'CRYPT-LUKS2-0123-root\n',
  '/sys/class/block/dm-0/dm/name': 'root\n',
  '/sys/class/block/dm-0/size': '4161536\n',
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

/** A header whose data begins at 16 MiB. */
const luksHeader = (version: 1 | 2): Buffer => {
  const bytes = Buffer.alloc(20_480)
  bytes.write('LUKS\xba\xbe', 'latin1')
  bytes.writeUInt16BE(version, 6)
  if (version === 1) {
    bytes.writeUInt32BE(32_768, 104)
    return bytes
  }
  bytes.writeBigUInt64BE(16_384n, 8)
  bytes.write(JSON.stringify({ segments: { 0: { type: 'crypt', offset: '16777216', size: 'dynamic' } } }), 4096)
  return bytes
}

/** The partition fills its disk, and the volume is smaller: 2 GiB on 10 GiB. */
const partitionGrown: Readonly<Record<string, MemoryFile>> = { [`${disk}/nvme0n1p1/size`]: '20969432\n' }
const luks = (version: 1 | 2, files: Readonly<Record<string, MemoryFile>> = {}): MemoryMachine =>
  machineOf({
    root: 'ext4 /dev/mapper/root',
    installed: ['cryptsetup'],
    files: {
      ...mapped,
      ...partitionGrown,
      '/sys/class/block/dm-0/dm/uuid': `CRYPT-LUKS${version}-0123-root\n`,
      ...files,
    },
    disks: [{ path: '/dev/nvme0n1p1', bytes: luksHeader(version) }],
  })

test('a volume grows by the key file that /etc/crypttab names, which stays, and LUKS1 without any', async () => {
  const byTable = luks(2, {
    '/etc/crypttab': '# name device key\nroot UUID=1 /etc/keys/root luks\n',
    '/etc/keys/root': { content: 'k', mode: 0o400 },
  })
  await grow(byTable)
  assert.deepEqual(commandLines(byTable), ['cryptsetup --key-file /etc/keys/root resize root'])
  assert.ok(byTable.files.exists('/etc/keys/root'))

  const byName = luks(2, { '/etc/cryptsetup-keys.d/root.key': { content: 'k', mode: 0o400 } })
  await grow(byName)
  assert.deepEqual(commandLines(byName), ['cryptsetup --key-file /etc/cryptsetup-keys.d/root.key resize root'])

  const first = luks(1)
  await grow(first)
  assert.deepEqual(commandLines(first), ['cryptsetup resize root'])
})

test('a volume that fills its partition, or has no key at hand, costs no process', async () => {
  const fills = { '/sys/class/block/dm-0/size': `${20_969_432 - 32_768}\n` }
  const cases = [
    luks(2, { ...fills, '/etc/cryptsetup-keys.d/root.key': 'k' }),
    luks(1, fills),
    luks(2),
    luks(2, { '/etc/crypttab': 'root UUID=1 none luks\n' }),
    luks(2, { '/etc/crypttab': 'root UUID=1 /etc/key keyfile-offset=5\n', '/etc/key': 'k' }),
  ]
  for (const machine of cases) {
    await grow(machine)
    assert.deepEqual(machine.commands, [])
  }
})

/** A physical volume of so many extents of 4 MiB, its text where it has gone round the end of its area. */
const pvBytes = (extents = 511): Buffer => {
  const bytes = Buffer.alloc(64 * 1024)
  bytes.write('LABELONE', 512, 'latin1')
  bytes.writeUInt32LE(32, 532)
  bytes.write('LVM2 001', 536, 'latin1')
  bytes.write('abcdefghijklmnopqrstuvwxyz012345', 544, 'latin1')
  bytes.writeBigUInt64LE(1_048_576n, 584)
  bytes.writeBigUInt64LE(4096n, 616)
  bytes.writeBigUInt64LE(8192n, 624)
  bytes.write(' LVM2 x[5A%r0N*>', 4100, 'latin1')
  setExtents(bytes, extents)
  return bytes
}

const setExtents = (bytes: Buffer, extents: number): void => {
  const volume = 'id = "abcdef-ghij-klmn-opqr-stuv-wxyz-012345"\ndevice = "/dev/x"\npe_start = 2048\npe_count = '
  const other = volume.replace('abcdef', 'fedcba')
  const volumes = `physical_volumes {\npv0 {\n${other}9\n}\npv1 {\n${volume}${extents}\n}\n}\n`
  const text = `system {\nid = "g"\nextent_size = 8192\n${volumes}}\n`
  const first = 100
  bytes.writeBigUInt64LE(BigInt(8192 - first), 4136)
  bytes.writeBigUInt64LE(BigInt(text.length), 4144)
  bytes.write(text.slice(0, first), 4096 + 8192 - first, 'latin1')
  bytes.write(text.slice(first), 4096 + 512, 'latin1')
}

interface LvmWorld {
  readonly free?: number
  readonly layout?: string
  readonly label?: Buffer
  readonly files?: World['files']
  readonly cutBefore?: string
}

const notes = '/var/lib/cloud/data/growing-volumes.json'

/** A root on a volume; pvresize adds 2048 extents to what is free, growpart makes the partition larger. */
const lvm = ({
  free = 0,
  layout = 'linear',
  label = pvBytes(),
  files = {},
  cutBefore,
}: LvmWorld = {}): MemoryMachine => {
  let freeNow = free
  return machineOf({
    root: 'ext4 /dev/mapper/system-root',
    installed: ['growpart', 'lvm'],
    files: {
      '/dev/mapper/system-root': { link: '../dm-3' },
      '/dev/dm-3': { device: true },
      '/sys/class/block/dm-3/slaves/nvme0n1p1': '',
      '/sys/class/block/dm-3/dm/uuid': 'LVM-aaaabbbb\n',
      '/sys/class/block/dm-3/dm/name': 'system-root\n',
      ...files,
    },
    disks: [{ path: '/dev/nvme0n1p1', bytes: label }],
    onCommand: (argv, _given, machine): MemoryCommand | undefined => {
      const line = argv.join(' ')
      if (cutBefore !== undefined && line.includes(cutBefore)) throw new Error('the power went')
      if (line === 'growpart /dev/nvme0n1 1') machine.files.write(`${disk}/nvme0n1p1/size`, '20969432\n')
      if (argv[1] === 'pvresize') {
        setExtents(label, 511 + 2048)
        freeNow += 2048
      }
      if (argv[1] === 'lvextend') freeNow -= Number(argv[3])
      return argv[1] === 'lvs' ? `  ${layout}|${freeNow}\n` : undefined
    },
  })
}

const steps = [
  'growpart /dev/nvme0n1 1',
  'lvm pvresize /dev/nvme0n1p1',
  'lvm lvextend --extents +2048 /dev/mapper/system-root',
]

test('a logical volume gets what its partition has gained, and not what was free before', async () => {
  for (const free of [0, 300]) {
    const machine = lvm({ free })
    await grow(machine)
    assert.deepEqual(commandLines(machine), steps)
    assert.equal(machine.files.exists(notes), false)
    const count = machine.commands.length
    await grow(machine)
    assert.equal(machine.commands.length, count, 'the next boot starts no process')
  }
})

test('a boot that is cut off at any step is finished by the next one', async () => {
  for (const [index, step] of steps.entries()) {
    const world = { free: 300, label: pvBytes() }
    const cut = lvm({ ...world, cutBefore: step })
    await assert.rejects(grow(cut), /the power went/)
    assert.equal(cut.files.readText(notes), '{"system-root":300}\n')

    const grown = index > 0 ? { [`${disk}/nvme0n1p1/size`]: '20969432\n' } : {}
    const next = lvm({
      ...world,
      free: index > 1 ? 2348 : 300,
      files: { ...grown, [notes]: cut.files.readText(notes) },
    })
    await grow(next)
    assert.deepEqual(commandLines(next), steps.slice(index))
    assert.equal(next.files.exists(notes), false)
  }
})

test('a volume that is not linear stays, and what lies on something else is left alone', async () => {
  const striped = lvm({ layout: 'striped' })
  await grow(striped)
  assert.deepEqual(commandLines(striped), steps.slice(0, 2))
  assert.match(striped.records.at(-1)?.message ?? '', /no linear volume \(striped\)/)

  for (const uuid of ['mpath-3600', 'CRYPT-PLAIN-x', 'CRYPT-VERITY-x']) {
    const machine = lvm({ files: { '/sys/class/block/dm-3/dm/uuid': `${uuid}\n` } })
    await grow(machine)
    assert.deepEqual(machine.commands, [])
  }
})

test('LVM on LUKS grows from below: partition, encrypted volume, physical volume, logical volume', async () => {
  const label = pvBytes(507)
  let free = 0
  const machine = machineOf({
    root: 'ext4 /dev/mapper/system-root',
    installed: ['growpart', 'lvm', 'cryptsetup'],
    files: {
      ...mapped,
      '/dev/mapper/system-root': { link: '../dm-1' },
      '/dev/dm-1': { device: true },
      '/sys/class/block/dm-1/slaves/dm-0': '',
      '/sys/class/block/dm-1/dm/uuid': 'LVM-aaaabbbb\n',
      '/sys/class/block/dm-1/dm/name': 'system-root\n',
      '/etc/cryptsetup-keys.d/root.key': 'k',
    },
    disks: [
      { path: '/dev/nvme0n1p1', bytes: luksHeader(2) },
      { path: '/dev/dm-0', bytes: label },
    ],
    onCommand: (argv, _given, { files }): MemoryCommand | undefined => {
      if (argv[0] === 'growpart' && argv.length === 3) files.write(`${disk}/nvme0n1p1/size`, '20969432\n')
      if (argv[0] === 'cryptsetup') files.write('/sys/class/block/dm-0/size', `${20_969_432 - 32_768}\n`)
      if (argv[1] === 'pvresize') free = 2048
      return argv[1] === 'lvs' ? `  linear|${free}\n` : undefined
    },
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), [
    'growpart /dev/nvme0n1 1',
    'cryptsetup --key-file /etc/cryptsetup-keys.d/root.key resize root',
    'lvm pvresize /dev/dm-0',
    'lvm lvextend --extents +2048 /dev/mapper/system-root',
  ])
})

test('a mapped device that no link leads to is found by its name', async () => {
  const machine = machineOf({
    root: 'ext4 /dev/mapper/root',
    installed: ['cryptsetup'],
    files: {
      ...mapped,
      ...partitionGrown,
      '/dev/mapper/root': { device: true },
      '/etc/cryptsetup-keys.d/root.key': 'k',
    },
    disks: [{ path: '/dev/nvme0n1p1', bytes: luksHeader(2) }],
  })
  await grow(machine)
  assert.deepEqual(commandLines(machine), ['cryptsetup --key-file /etc/cryptsetup-keys.d/root.key resize root'])
})
