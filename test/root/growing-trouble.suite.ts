/**
 * growpart and resizefs where something is wrong, on real loop disks: the power goes at any step, nothing can grow, the disk
 * is read-only or has lost its end, a table is damaged. Needs root; what is not installed is left out.
 */
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bundle } from './growing/bundle.ts'
import { attach, fingerprint, type LoopDisk, newImage, resizeImage, sizeOf } from './growing/disk.ts'
import { type Boot, type BootImage, type BootOptions, bootImage, fileSystemBytes } from './growing/root.ts'
import { hasOwnMounts, isInstalled, mebibyte, ownMounts, reasonToSkip, run, undoing } from './growing/system.ts'

const skip = reasonToSkip(['sfdisk', 'losetup', 'mkfs.ext4', 'partx', 'addpart', 'mount', 'unshare'])
if (skip) console.log(`growing-trouble: skipped: ${skip}`)
const without = (command: string): string | false => skip || (!isInstalled(command) && `${command} is not installed`)

const makers = { btrfs: ['mkfs.btrfs', '-q', '-K'], xfs: ['mkfs.xfs', '-q', '-K'], ext4: ['mkfs.ext4', '-q'] } as const
type FileSystem = keyof typeof makers

const programs = mkdtempSync(join(tmpdir(), 'firstlight-growing-'))
process.on('exit', () => rmSync(programs, { recursive: true, force: true }))
const program = skip || !hasOwnMounts ? '' : bundle('boot.ts', programs)

/** Runs a test in a folder of its own, which is removed afterwards. */
const inFolder = (use: (folder: string, later: (step: () => void) => void) => void): void =>
  undoing((later) => {
    const folder = mkdtempSync(join(tmpdir(), 'firstlight-growing-'))
    later(() => rmSync(folder, { recursive: true, force: true }))
    use(folder, later)
  })

const format = ({ device }: LoopDisk, number: number, fileSystem: FileSystem): void => {
  const [maker, ...words] = makers[fileSystem]
  run(maker, ...words, `${device}p${number}`)
}

const bootFrom = (
  folder: string,
  partition: string,
  options: BootOptions = {},
  image: Partial<BootImage> = {},
  look?: () => void,
): Boot => bootImage({ partition, program, tools: ['sfdisk'], ...image }, join(folder, 'root'), options, look)

const gpt = (mebibytes: number): string => `label: gpt\nsize=${mebibytes}MiB, type=L, name=root\n`

/** The commands, and the flush between them. */
const steps = ['the table', 'telling the kernel', 'the flush', 'the file system']

/** The power goes: what is in the file then is all that the next boot finds; what the kernel still had in memory is lost. */
const endsGrown = (fileSystem: FileSystem, cutAfter: number): void =>
  inFolder((folder) => {
    const small = fileSystem === 'xfs' ? 320 : 128
    const image = newImage(folder, 'disk', gpt(small), small + 4)
    resizeImage(image, 512)
    const left = join(folder, 'left')
    const mountpoint = join(folder, 'root')
    undoing((later) => {
      const disk = attach(image, later)
      format(disk, 1, fileSystem)
      bootFrom(folder, `${disk.device}p1`, { cutAfter }, {}, () => {
        // What the file system has written is there; the table may have been left behind.
        run('sync', '--file-system', mountpoint)
        run('cp', '--sparse=always', image, left)
      })
    })
    undoing((later) => {
      const partition = `${attach(left, later).device}p1`
      const next = bootFrom(folder, partition, {}, {}, () =>
        assert.ok(
          fileSystemBytes(mountpoint) > 420 * mebibyte,
          `the file system has ${fileSystemBytes(mountpoint)} bytes`,
        ),
      )
      assert.deepEqual(next.failures, [])
      assert.ok(sizeOf(partition) > 500 * mebibyte)
      assert.deepEqual(bootFrom(folder, partition).commands, [])
    })
  })

/** Boots from a read-only root, and compares every byte of the disk. */
const staysAsItIs = (layout: string, mebibytes: number, grownTo: number, options: readonly string[]): Boot => {
  let result: Boot | undefined
  inFolder((folder) => {
    const image = newImage(folder, 'disk', layout, mebibytes)
    undoing((later) => {
      const disk = attach(image, later)
      format(disk, 1, 'ext4')
      bootFrom(folder, `${disk.device}p1`, { config: { growpart: { mode: 'off' }, resize_rootfs: false } })
    })
    resizeImage(image, grownTo)
    undoing((later) => {
      const partition = `${attach(image, later, ...options).device}p1`
      const whole = [[0, grownTo * mebibyte]] as const
      const before = fingerprint(image, whole)
      result = bootFrom(folder, partition, {}, { isReadOnly: true })
      run('sync')
      assert.equal(fingerprint(image, whole), before)
    })
  })
  assert.ok(result)
  return result
}

const overwrite = (image: string, at: number, length: number): void => {
  const descriptor = openSync(image, 'r+')
  writeSync(descriptor, Buffer.alloc(length), 0, length, at)
  closeSync(descriptor)
}

if (!skip && !hasOwnMounts) {
  test('growing gets over trouble, in a mount namespace of its own', () => {
    const { status, output } = ownMounts(import.meta.filename)
    console.log(output)
    assert.equal(status, 0, output)
  })
} else {
  for (const fileSystem of ['btrfs', 'xfs'] as const) {
    for (const [index, step] of steps.entries()) {
      test(
        `${fileSystem}: the power goes after ${step}, and the next boot ends grown`,
        {
          skip: without(makers[fileSystem][0]),
        },
        () => endsGrown(fileSystem, index + 1),
      )
    }
  }

  test('nothing is written to a disk that is full', { skip }, () => {
    assert.deepEqual(staysAsItIs('label: gpt\ntype=L\n', 32, 32, []).commands, [])
    assert.deepEqual(staysAsItIs('label: dos\ntype=83\n', 32, 32, []).commands, [])
  })

  test('nothing is written where another partition is right behind, however much room there is further on', {
    skip,
  }, () => {
    const { commands, log } = staysAsItIs('label: gpt\nsize=16MiB, type=L\nsize=8MiB\n', 32, 64, [])
    assert.deepEqual(commands, [])
    assert.match(log.join('\n'), /is as large as it can be/)
  })

  test('nothing is written to a read-only disk, and the log says why', { skip }, () => {
    const { commands, log } = staysAsItIs(gpt(16), 32, 64, ['--read-only'])
    assert.deepEqual(commands, [])
    assert.match(log.join('\n'), /WARNING growpart: \S+ stays as it is: \S+ is read-only/)
  })

  test('a disk that has lost its end is left alone, and the log says why', { skip }, () => {
    inFolder((folder, later) => {
      const own = attach(newImage(folder, 'own', 'label: gpt\ntype=L\n', 32), later)
      format(own, 1, 'ext4')
      const image = newImage(folder, 'cut', gpt(48), 64)
      resizeImage(image, 32)
      const cut = run('losetup', '--find', '--show', image)
      later(() => run('losetup', '--detach', cut))
      // As the kernel does it: the partition ends with the disk.
      run('addpart', cut, '1', '2048', String(30 * 2048))
      later(() => run('partx', '--delete', cut))
      const before = fingerprint(image, [[0, 32 * mebibyte]])
      const { log, commands } = bootFrom(folder, `${own.device}p1`, { config: { growpart: { devices: [`${cut}p1`] } } })
      assert.deepEqual(commands, [])
      assert.match(log.join('\n'), /WARNING growpart: \S+ stays as it is: .*the end of the disk is missing/)
      assert.equal(fingerprint(image, [[0, 32 * mebibyte]]), before)
    })
  })

  test('a damaged second GPT is made anew, at the end of the disk', { skip: without('mkfs.btrfs') }, () => {
    inFolder((folder, later) => {
      const image = newImage(folder, 'disk', gpt(128), 132)
      overwrite(image, 132 * mebibyte - 17 * 1024, 17 * 1024)
      resizeImage(image, 512)
      const disk = attach(image, later)
      format(disk, 1, 'btrfs')
      assert.deepEqual(bootFrom(folder, `${disk.device}p1`).failures, [])
      assert.doesNotMatch(run('sfdisk', '--verify', disk.device), /backup|corrupt/i)
      assert.ok(sizeOf(`${disk.device}p1`) > 500 * mebibyte)
    })
  })

  test('a broken table is not written to, and the log says so', { skip: without('mkfs.btrfs') }, () => {
    inFolder((folder, later) => {
      const image = newImage(folder, 'disk', gpt(128), 132)
      resizeImage(image, 512)
      const disk = attach(image, later)
      format(disk, 1, 'btrfs')
      overwrite(disk.device, 512, 32 * 1024)
      const { log, commands, failures } = bootFrom(folder, `${disk.device}p1`)
      assert.deepEqual([commands, failures], [[], []])
      assert.match(log.join('\n'), /WARNING growpart: .* the partition table of \S+ can't be read/)
    })
  })
}
