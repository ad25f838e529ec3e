/**
 * growpart and resizefs at work: real partition tables on loop disks that have become larger, real file systems on them,
 * each the root of a boot. Needs root; what is not installed is left out.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bundle } from './growing/bundle.ts'
import { attach, fingerprint, newImage, resizeImage, sizeOf, tableParts } from './growing/disk.ts'
import { type Boot, bootImage, fileSystemBytes, mayResize } from './growing/root.ts'
import { hasOwnMounts, isInstalled, mebibyte, ownMounts, reasonToSkip, run, undoing } from './growing/system.ts'

const skip = reasonToSkip(['sfdisk', 'losetup', 'mkfs.ext4', 'resize2fs', 'partx', 'blockdev', 'mount', 'unshare'])
if (skip) console.log(`growing: skipped: ${skip}`)

/** mkfs.xfs makes nothing smaller than 300 MiB. */
const partitionSize = 'size=320MiB'
const smallDisk = 340
const largeDisk = 1024

const linux = 'type=L'
const bios = 'size=8MiB, type=21686148-6449-6E6F-744E-656564454649'

/** A table, and the partition in it that is to grow. */
const tables = {
  'MBR, primary': { layout: `label: dos\nsize=8MiB\n${partitionSize}, bootable\n`, number: 2 },
  'MBR, logical': { layout: `label: dos\nsize=8MiB\ntype=5\nsize=4MiB\n${partitionSize}\n`, number: 6 },
  GPT: { layout: `label: gpt\n${bios}\n${partitionSize}, ${linux}, name=root, attrs=RequiredPartition\n`, number: 2 },
  'GPT, number 15': { layout: `label: gpt\n14: ${bios}\n15: ${partitionSize}, ${linux}, name=root\n`, number: 15 },
} as const

const makers = {
  ext4: ['mkfs.ext4', '-q'],
  xfs: ['mkfs.xfs', '-q', '-K'],
  btrfs: ['mkfs.btrfs', '-q', '-K'],
} as const

/** What the image has to grow partitions by, and what is run for it. */
const tools = {
  sfdisk: { commands: ['sfdisk'], calls: ['sfdisk', 'partx'] },
  // Its script calls sfdisk.
  growpart: { commands: ['sfdisk', 'growpart'], calls: ['growpart', 'growpart'] },
  'systemd-repart': { commands: ['systemd-repart'], calls: ['systemd-repart', 'partx'] },
} as const

interface Case {
  readonly table: keyof typeof tables
  readonly fileSystem: keyof typeof makers
  readonly tool: keyof typeof tools
}

const tableNames = ['MBR, primary', 'MBR, logical', 'GPT', 'GPT, number 15'] as const
const fileSystems = ['ext4', 'xfs', 'btrfs'] as const

/** systemd-repart knows GPT alone, and growpart can't grow what an extended partition is around. */
const cases: readonly Case[] = [
  ...tableNames.flatMap((table) => fileSystems.map((fileSystem) => ({ table, fileSystem, tool: 'sfdisk' as const }))),
  ...(['MBR, primary', 'GPT', 'GPT, number 15'] as const).map(
    (table) => ({ table, fileSystem: 'btrfs', tool: 'growpart' }) as const,
  ),
  ...(['GPT', 'GPT, number 15'] as const).map(
    (table) => ({ table, fileSystem: 'btrfs', tool: 'systemd-repart' }) as const,
  ),
  ...(['growpart', 'systemd-repart'] as const).flatMap((tool) =>
    (['ext4', 'xfs'] as const).map((fileSystem) => ({ table: 'GPT', fileSystem, tool }) as const),
  ),
]

const missingFor = ({ fileSystem, tool }: Case): string | false => {
  const missing = [makers[fileSystem][0], ...tools[tool].commands].find((command) => !isInstalled(command))
  return missing !== undefined && `${missing} is not installed`
}

/** The table without what must differ. */
const described = (device: string): string[] =>
  run('sfdisk', '--dump', device)
    .split('\n')
    .map((line) => line.replace(/size= *\d+/, 'size').replace(/^last-lba.*/, ''))

const fillsDisk = (each: Case, program: string): void =>
  undoing((later) => {
    const { layout, number } = tables[each.table]
    const scratch = mkdtempSync(join(tmpdir(), 'firstlight-growing-'))
    later(() => rmSync(scratch, { recursive: true, force: true }))
    const image = newImage(scratch, 'disk', layout, smallDisk)
    resizeImage(image, largeDisk)
    const { device } = attach(image, later)
    const partition = `${device}p${number}`
    const [maker, ...words] = makers[each.fileSystem]
    run(maker, ...words, partition)
    const before = described(device)
    const grows = each.fileSystem !== 'ext4' || mayResize()
    const config = { growpart: { mode: each.tool === 'growpart' ? 'growpart' : 'auto' }, resize_rootfs: grows }
    const root = join(scratch, 'root')
    const bootIt = (look: () => void): Boot =>
      bootImage({ partition, program, tools: tools[each.tool].commands }, root, { config }, look)

    const first = bootIt(() => {
      if (grows) assert.ok(fileSystemBytes(root) > 900 * mebibyte, `the file system has ${fileSystemBytes(root)} bytes`)
      writeFileSync(join(root, 'kept'), 'still here')
    })
    assert.deepEqual(first.failures, [])
    const called = first.commands.map((line) => line.split(' ', 1)[0])
    const expected = each.table === 'MBR, logical' ? ['sfdisk', ...tools[each.tool].calls] : tools[each.tool].calls
    assert.deepEqual(called.slice(0, expected.length), expected, first.commands.join('\n'))
    assert.ok(sizeOf(partition) > 1000 * mebibyte, `${partition} has ${sizeOf(partition)} bytes`)
    assert.deepEqual(described(device), before)
    run('sfdisk', '--verify', device)

    const [print, size] = [fingerprint(image, tableParts(largeDisk)), sizeOf(partition)]
    const second = bootIt(() => assert.equal(readFileSync(join(root, 'kept'), 'utf8'), 'still here'))
    run('sync', device)
    assert.deepEqual(second.commands, [])
    assert.equal(sizeOf(partition), size)
    assert.equal(fingerprint(image, tableParts(largeDisk)), print)
  })

if (!skip && !hasOwnMounts) {
  test('partitions and file systems grow, in a mount namespace of its own', () => {
    const { status, output } = ownMounts(import.meta.filename)
    console.log(output)
    assert.equal(status, 0, output)
  })
} else {
  const folder = mkdtempSync(join(tmpdir(), 'firstlight-growing-'))
  const program = skip ? '' : bundle('boot.ts', folder)
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const each of cases) {
    const { table, fileSystem, tool } = each
    test(
      `${table}, ${fileSystem}, ${tool}: a grown disk is filled, and the next boot starts no process`,
      {
        skip: skip || missingFor(each),
      },
      () => fillsDisk(each, program),
    )
  }
}
