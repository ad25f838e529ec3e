/**
 * Runs in the virtual machine, as all that its init starts: roots on LVM and LUKS, and ext4 on disks of different names, on
 * disks that are larger than they were when the table was written. Prints a line for each.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type DiskName, devicesOf, diskNames } from './machine-disks.ts'
import { type Boot, type BootOptions, bootImage, fileSystemBytes } from './root.ts'
import { mebibyte, run, runWith, undoing } from './system.ts'

const program = process.env['BOOT'] ?? '/boot.mjs'
const isQemu = process.env['MACHINE'] === 'qemu'
const devices = isQemu ? devicesOf.qemu : devicesOf.usermode
const disk = (name: DiskName): string => devices[diskNames.indexOf(name)] ?? ''
const part = (name: DiskName, number: number): string => `${disk(name)}${/\d$/.test(disk(name)) ? 'p' : ''}${number}`
const sfdisk = ['sfdisk']

interface Cell {
  readonly name: string
  /** The suites on loop disks have it, too: only for the names of its disks. */
  readonly isForNames?: true
  /** The root's device. */
  readonly root: string
  /** Makes file system and what is below it, on a partition that does not fill its disk. */
  readonly make: () => void
  readonly mayHave?: readonly string[]
  /** Files that the image has. */
  readonly files?: Readonly<Record<string, string>>
  /** What is run by the first boot, by its first words. */
  readonly calls: readonly string[]
  readonly after?: () => void
}

const key = 'a key for the tests'
const open = (partition: string, name: string, ...options: string[]): void => {
  const quick = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000', '--batch-mode', '--key-file', '-']
  runWith(key, 'cryptsetup', 'luksFormat', ...quick, ...options, partition)
  runWith(key, 'cryptsetup', 'open', '--key-file', '-', partition, name)
}
const volume = (group: string, extents: string, ...devices: string[]): void => {
  run('lvm', 'vgcreate', '--quiet', group, ...devices)
  run('lvm', 'lvcreate', '--quiet', '--yes', '--name', 'root', '--extents', extents, group)
}
const free = (group: string): number =>
  Number(run('lvm', 'vgs', '--noheadings', '--options', 'vg_free_count', group).trim())

const toPartition = ['sfdisk', 'partx']
const toVolume = ['lvm pvresize', 'lvm lvextend']

const cells: readonly Cell[] = [
  {
    name: 'GPT, ext4',
    root: part('plain', 2),
    make: () => run('mkfs.ext4', '-q', part('plain', 2)),
    calls: [...toPartition, 'resize2fs'],
  },
  {
    name: 'GPT number 15, ext4',
    isForNames: true,
    root: part('fifteenth', 15),
    make: () => run('mkfs.ext4', '-q', part('fifteenth', 15)),
    calls: [...toPartition, 'resize2fs'],
  },
  {
    name: 'GPT, systemd-repart alone, ext4',
    isForNames: true,
    root: part('repart', 2),
    make: () => run('mkfs.ext4', '-q', part('repart', 2)),
    mayHave: ['systemd-repart'],
    calls: ['systemd-repart', 'resize2fs'],
  },
  {
    name: 'MBR logical, LVM, ext4',
    root: '/dev/mapper/logical--group-root',
    make: () => {
      volume('logical-group', '100%FREE', part('logical', 5))
      run('mkfs.ext4', '-q', '/dev/logical-group/root')
    },
    calls: ['sfdisk', ...toPartition, ...toVolume, 'resize2fs'],
    after: () => assert.equal(free('logical-group'), 0),
  },
  {
    name: 'GPT, LVM with room of its own, xfs',
    root: '/dev/mapper/roomy-root',
    make: () => {
      volume('roomy', '80', part('roomy', 1))
      run('mkfs.xfs', '-q', '/dev/roomy/root')
    },
    calls: [...toPartition, ...toVolume, 'xfs_growfs'],
    after: () => assert.equal(free('roomy'), 19),
  },
  {
    name: 'GPT, LUKS2 with the key of the image, ext4',
    root: '/dev/mapper/sealed',
    make: () => {
      open(part('sealed', 1), 'sealed')
      writeFileSync('/run/key', key)
      writeFileSync('/run/once', 'good for one resize')
      const slots = ['--key-slot', '5', '--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000']
      run('cryptsetup', 'luksAddKey', ...slots, '--key-file', '/run/key', part('sealed', 1), '/run/once')
      run('mkfs.ext4', '-q', '/dev/mapper/sealed')
    },
    files: {
      cc_growpart_keydata: JSON.stringify({ key: Buffer.from('good for one resize').toString('base64'), slot: 5 }),
    },
    calls: [...toPartition, 'cryptsetup --key-file', 'cryptsetup luksKillSlot', 'resize2fs'],
    after: () => assert.doesNotMatch(run('cryptsetup', 'luksDump', part('sealed', 1)), /^ {2}5: luks2/m),
  },
  {
    name: 'GPT, LUKS1, btrfs',
    root: '/dev/mapper/old',
    make: () => {
      open(part('old', 1), 'old', '--type', 'luks1')
      run('mkfs.btrfs', '-q', '/dev/mapper/old')
    },
    calls: [...toPartition, 'cryptsetup resize', 'btrfs'],
  },
  {
    name: 'GPT, LVM on LUKS2 with the key of crypttab, ext4',
    root: '/dev/mapper/inner-root',
    make: () => {
      open(part('inner', 1), 'outer')
      volume('inner', '100%FREE', '/dev/mapper/outer')
      run('mkfs.ext4', '-q', '/dev/inner/root')
    },
    files: { 'etc/crypttab': 'outer UUID=1234 /etc/outer.key luks\n', 'etc/outer.key': key },
    calls: [...toPartition, 'cryptsetup --key-file', ...toVolume, 'resize2fs'],
  },
  {
    name: 'GPT, growpart, LVM, ext4',
    root: '/dev/mapper/scripted-root',
    make: () => {
      volume('scripted', '100%FREE', part('scripted', 1))
      run('mkfs.ext4', '-q', '/dev/scripted/root')
    },
    mayHave: ['sfdisk', 'growpart'],
    calls: ['growpart', 'lvm lvextend', 'resize2fs'],
  },
  {
    name: 'a whole disk, LVM, ext4',
    root: '/dev/mapper/whole-root',
    make: () => {
      run('lvm', 'pvcreate', '--quiet', '--setphysicalvolumesize', '340M', disk('whole'))
      volume('whole', '100%FREE', disk('whole'))
      run('mkfs.ext4', '-q', '/dev/whole/root')
    },
    calls: [...toVolume, 'resize2fs'],
  },
]

const folder = '/mnt/root'

const boots = (cell: Cell) => {
  const config = { growpart: { mode: cell.mayHave?.includes('growpart') ? 'growpart' : 'auto' } }
  const image = { partition: cell.root, program, tools: cell.mayHave ?? sfdisk }
  return (options: BootOptions = {}, look?: () => void): Boot => bootImage(image, folder, { config, ...options }, look)
}

const begins = (line: string, words: string): boolean => line === words || line.startsWith(`${words} `)

const fills = (cell: Cell): void => {
  cell.make()
  undoing((later) => {
    run('mount', cell.root, folder)
    later(() => run('umount', folder))
    mkdirSync(`${folder}/etc`)
    for (const [path, content] of Object.entries(cell.files ?? {}))
      writeFileSync(`${folder}/${path}`, content, { mode: 0o600 })
    writeFileSync(`${folder}/kept`, 'still here')
  })
  const boot = boots(cell)
  let bytes = 0
  const first = boot({}, () => {
    bytes = fileSystemBytes(folder)
  })
  const said = [...first.commands, ...first.log].join('\n')
  assert.deepEqual(first.failures, [], said)
  const calls = first.commands.filter((line) => !line.endsWith('(asks)'))
  const expected = cell.calls.map((words, index) => begins(calls[index] ?? '', words))
  assert.ok(expected.every(Boolean) && calls.length === cell.calls.length, said)
  assert.ok(bytes > 850 * mebibyte, `the file system has ${bytes} bytes: ${said}`)
  cell.after?.()
  const second = boot({}, () => assert.equal(readFileSync(`${folder}/kept`, 'utf8'), 'still here'))
  assert.deepEqual(second.commands, [])
  console.log(`# ${cell.name}: ${first.commands.length} processes, then ${second.commands.length}`)
}

mkdirSync(folder, { recursive: true })
for (const cell of cells.filter(({ isForNames = false }) => isQemu || !isForNames)) {
  try {
    const start = performance.now()
    fills(cell)
    console.log(`ok ${cell.name} (${Math.round((performance.now() - start) / 1000)} s)`)
  } catch (error) {
    console.log(
      `not ok ${cell.name}: ${String(error instanceof Error ? error.message : error).replaceAll('\n', '\n#   ')}`,
    )
  }
}
console.log('all cells are done')
