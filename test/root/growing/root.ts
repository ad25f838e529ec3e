import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../../src/machine/json.ts'
import { pathOf, run, undoing } from './system.ts'

/** What became of a boot. */
export interface Boot {
  /** Level and message. */
  readonly log: readonly string[]
  /** All that was run and asked. */
  readonly commands: readonly string[]
  readonly failures: readonly string[]
}

export interface BootOptions {
  readonly config?: JsonObject
  /** The power goes after so many steps. */
  readonly cutAfter?: number
}

type Later = (step: () => void) => void

/** Tools that every image has, and what growpart's script calls. */
const everyImageHas = [
  ...[
    'sh',
    'awk',
    'cat',
    'cut',
    'dd',
    'flock',
    'grep',
    'ls',
    'lsblk',
    'mktemp',
    'od',
    'readlink',
    'rm',
    'sed',
    'sleep',
  ],
  ...['sort', 'stat', 'tail', 'head', 'tr', 'udevadm', 'uname', 'mount', 'partx', 'blockdev', 'blkid', 'resize2fs'],
  ...['xfs_growfs', 'btrfs', 'lvm', 'cryptsetup'],
]

/**
 * Makes the file system that is mounted on `folder` a root: the host's programs in it, as far as `tools` names them,
 * and its kernel's file systems.
 */
const furnish = (folder: string, program: string, tools: readonly string[], later: Later): void => {
  const bind = (from: string, to: string, ...options: string[]): void => {
    run('mount', '--rbind', ...options, from, join(folder, to))
    later(() => run('umount', '--recursive', '--lazy', join(folder, to)))
  }
  for (const name of ['usr', 'proc', 'sys', 'dev', 'run', 'tools', 'etc', 'var/lib/cloud'])
    mkdirSync(join(folder, name), { recursive: true })
  for (const name of ['usr', 'proc', 'sys', 'dev']) bind(`/${name}`, name)
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    if (!existsSync(`/${name}`)) continue
    const isMerged = realpathSync(`/${name}`).startsWith('/usr/')
    const isThere = existsSync(join(folder, name))
    if (!isThere && isMerged) symlinkSync(realpathSync(`/${name}`).slice(1), join(folder, name))
    if (!isThere && !isMerged) mkdirSync(join(folder, name))
    if (!isMerged) bind(`/${name}`, name)
  }
  run('mount', '-t', 'tmpfs', 'tmpfs', join(folder, 'run'))
  later(() => run('umount', join(folder, 'run')))
  for (const tool of [...everyImageHas, ...tools]) {
    const path = pathOf(tool)
    if (path === undefined || existsSync(join(folder, 'tools', tool))) continue
    symlinkSync(realpathSync(path), join(folder, 'tools', tool))
  }
  if (!existsSync(join(folder, 'boot.mjs'))) copyFileSync(program, join(folder, 'boot.mjs'))
  if (!existsSync(join(folder, 'node'))) writeFileSync(join(folder, 'node'), '')
  bind(realpathSync(process.execPath), 'node')
}

/** An image: the partition with its root, and what programs it has. */
export interface BootImage {
  readonly partition: string
  readonly program: string
  readonly tools: readonly string[]
  /** It is mounted read-only, as after a boot that has furnished it. */
  readonly isReadOnly?: boolean
}

/**
 * Boots it: its file system is mounted on `folder`, growpart and resizefs run inside, `look` sees what they left, and it is
 * unmounted.
 */
export const bootImage = (
  { partition, program, tools, isReadOnly = false }: BootImage,
  folder: string,
  options: BootOptions = {},
  look: () => void = () => undefined,
): Boot =>
  undoing((later) => {
    mkdirSync(folder, { recursive: true })
    run('mount', '-o', isReadOnly ? 'ro' : 'rw', partition, folder)
    later(() => run('umount', folder))
    furnish(folder, program, tools, later)
    const result = runBoot(folder, options)
    look()
    return result
  })

const runBoot = (folder: string, { config = {}, cutAfter = 0 }: BootOptions = {}): Boot => {
  const words = [folder, '/node', '/boot.mjs', JSON.stringify(config), String(cutAfter)]
  const { status, stdout, stderr } = spawnSync(pathOf('chroot') ?? 'chroot', words, {
    env: { PATH: '/tools', TMPDIR: '/run', DM_DISABLE_UDEV: process.env['DM_DISABLE_UDEV'] },
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`the boot ended with ${status}: ${stdout}${stderr}`)
  const value: Boot = JSON.parse(stdout)
  return value
}

/** Bytes of the file system on `folder`, its journal and tables left out. */
export const fileSystemBytes = (folder: string): number =>
  Number(run('stat', '-f', '-c', '%b', folder)) * Number(run('stat', '-f', '-c', '%S', folder))

/** A mounted ext4 grows for CAP_SYS_RESOURCE (capabilities(7), number 24) only; some containers' roots lack it. */
export const mayResize = (): boolean => {
  const held = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${held}`) >> 24n) & 1n) === 1n
}
