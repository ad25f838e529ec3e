/**
 * growpart and resizefs at work: a real partition table on a loop disk that has become larger, a real file system on it,
 * mounted in a mount namespace of its own. Needs root, sfdisk, losetup, mkfs.ext4, resize2fs; growpart where installed.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import growpart from '../../modules/growpart/index.ts'
import resizefs from '../../modules/resizefs.ts'
import { loadDistro } from '../../src/distros/index.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { liveMachine } from '../../src/machine/live.ts'
import type { Machine } from '../../src/machine/machine.ts'

const mebibyte = 1024 * 1024
const needed = ['sfdisk', 'losetup', 'mkfs.ext4', 'resize2fs', 'partx', 'blockdev', 'mount', 'unshare']

const run = (command: string, ...words: string[]): string => execFileSync(command, words, { encoding: 'utf8' }).trim()
const isInstalled = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

const reasonToSkip = (): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  const missing = needed.filter((command) => !isInstalled(command))
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`
  return spawnSync('losetup', ['--find']).status === 0 ? false : 'there are no loop devices'
}

const inside = 'FIRSTLIGHT_OWN_MOUNTS'
const skip = reasonToSkip()
if (skip) console.log(`growing: skipped: ${skip}`)

/** A mounted ext4 grows for CAP_SYS_RESOURCE (capabilities(7), number 24) only; some containers' roots lack it. */
const mayResize = (): boolean => {
  const held = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${held}`) >> 24n) & 1n) === 1n
}

interface Case {
  readonly label: 'gpt' | 'dos'
  readonly tool: 'sfdisk' | 'growpart'
  readonly layout: string
  readonly number: number
}

const gptLayout = 'label: gpt\nsize=8MiB, type=21686148-6449-6E6F-744E-656564454649\nsize=40MiB, type=L\n'
const cases: readonly Case[] = [
  { label: 'gpt', tool: 'sfdisk', layout: gptLayout, number: 2 },
  { label: 'dos', tool: 'sfdisk', layout: 'label: dos\nsize=8MiB\nsize=40MiB\n', number: 2 },
  { label: 'gpt', tool: 'growpart', layout: gptLayout, number: 2 },
  { label: 'dos', tool: 'growpart', layout: 'label: dos\nsize=40MiB, bootable\n', number: 1 },
]

/** This machine with one tool to grow by, and its root said to be on `device`, mounted on `folder`. */
const machineFor = (tool: Case['tool'], folder: string, device: string): Machine => {
  const live = liveMachine()
  const mountinfo = `29 1 7:1 / / rw - ext4 ${device} rw\n30 29 7:1 / ${folder} rw - ext4 ${device} rw\n`
  return {
    ...live,
    which: (command) => (command === 'growpart' && tool === 'sfdisk' ? undefined : live.which(command)),
    files: {
      ...live.files,
      exists: (path) => path !== '/etc/growroot-disabled' && live.files.exists(path),
      readTextIfExists: (path, limit) =>
        path === '/proc/self/mountinfo' ? mountinfo : live.files.readTextIfExists(path, limit),
    },
  }
}

const bothModules = async (machine: Machine, scratch: string, folder: string): Promise<void> => {
  const context = {
    machine,
    distro: await loadDistro('debian', {}, machine),
    instance: { id: 'i', datasource: 'None', data: { instanceId: 'i' }, folder: scratch, isNew: true, variables: {} },
    paths: { ...defaultPaths, run: join(scratch, 'run') },
    cloudConfig: {},
    arguments: [],
    afterMark: (step: () => void) => step(),
    publishHostKeys: async () => {},
  }
  await growpart.run({ growpart: { devices: [folder] } }, context)
  if (mayResize()) await resizefs.run({}, context)
}

/** First and last mebibytes of the disk: where its tables are. */
const tablesOf = (disk: string, size: number): string => {
  const hash = createHash('sha256')
  const descriptor = openSync(disk, 'r')
  for (const at of [0, size - mebibyte]) {
    const bytes = Buffer.alloc(mebibyte)
    readSync(descriptor, bytes, 0, mebibyte, at)
    hash.update(bytes)
  }
  return hash.digest('hex')
}

const sizeOf = (device: string): number => Number(run('blockdev', '--getsize64', device))

const grows = async ({ layout, tool, number }: Case): Promise<void> => {
  const scratch = mkdtempSync(join(tmpdir(), 'firstlight-growing-'))
  const [image, folder] = [join(scratch, 'disk'), join(scratch, 'mnt')]
  const undo: (() => void)[] = [() => rmSync(scratch, { recursive: true, force: true })]
  try {
    writeFileSync(image, '')
    truncateSync(image, 64 * mebibyte)
    execFileSync('sfdisk', ['--quiet', image], { input: layout })
    truncateSync(image, 200 * mebibyte)
    const disk = run('losetup', '--find', '--show', image)
    undo.unshift(() => run('losetup', '--detach', disk))
    // Not by --partscan: a kernel may be built without any partition tables, and still takes partitions it is told of.
    run('partx', '--add', disk)
    undo.unshift(() => run('partx', '--delete', disk))
    const partition = `${disk}p${number}`
    run('mkfs.ext4', '-q', partition)
    run('mkdir', folder)
    run('mount', partition, folder)
    undo.unshift(() => run('umount', folder))
    writeFileSync(join(folder, 'kept'), 'still here')

    const machine = machineFor(tool, folder, partition)
    await bothModules(machine, scratch, folder)
    assert.ok(sizeOf(partition) > 150 * mebibyte, `${partition} has ${sizeOf(partition)} bytes`)
    const fileSystem = Number(run('stat', '-f', '-c', '%b', folder)) * Number(run('stat', '-f', '-c', '%S', folder))
    if (mayResize()) assert.ok(fileSystem > 140 * mebibyte, `the file system has ${fileSystem} bytes`)
    else console.log('the file system is left as it is: no CAP_SYS_RESOURCE here')
    assert.equal(readFileSync(join(folder, 'kept'), 'utf8'), 'still here')
    if (number === 2) assert.equal(sizeOf(`${disk}p1`), 8 * mebibyte)
    run('sfdisk', '--verify', disk)

    run('sync')
    const before = tablesOf(image, 200 * mebibyte)
    const grown = sizeOf(partition)
    await bothModules(machine, scratch, folder)
    run('sync')
    assert.equal(sizeOf(partition), grown)
    assert.equal(tablesOf(image, 200 * mebibyte), before)
  } finally {
    for (const step of undo) step()
  }
}

if (!skip && process.env[inside] === undefined) {
  test('partitions and file systems grow, in a mount namespace of its own', () => {
    const words = [
      '--mount',
      '--propagation',
      'private',
      process.execPath,
      ...process.execArgv,
      '--import',
      'tsx',
      import.meta.filename,
    ]
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env
    const result = spawnSync('unshare', words, { env: { ...environment, [inside]: '1' }, encoding: 'utf8' })
    console.log(result.stdout)
    assert.equal(result.status, 0, result.stdout + result.stderr)
  })
} else {
  for (const each of cases) {
    const missing = skip || (each.tool === 'growpart' && !isInstalled('growpart') && 'growpart is not installed')
    test(
      `a partition of a ${each.label} disk grows by ${each.tool}, and a second boot writes nothing`,
      { skip: missing },
      () => grows(each),
    )
  }
}
