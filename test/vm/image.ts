import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const top = join(import.meta.dirname, '../..')
export const cache = process.env['VM_CACHE'] ?? join(tmpdir(), 'firstlight-vm')

const run = (command: string, words: readonly string[], input?: string): void => {
  execFileSync(command, words, { timeout: 600_000, input: input ?? '', stdio: ['pipe', 'ignore', 'inherit'] })
}

/** The package, made when there is none. `$VM_PACKAGE` names another. */
export const packageFile = (): string => {
  const named = process.env['VM_PACKAGE']
  if (named !== undefined) return named
  const find = (): string | undefined =>
    existsSync(join(top, 'dist')) ? readdirSync(join(top, 'dist')).find((name) => name.endsWith('.deb')) : undefined
  if (find() === undefined) execFileSync('npm', ['run', 'package'], { cwd: top, stdio: 'inherit', timeout: 600_000 })
  const name = find()
  if (name === undefined) throw new Error('npm run package made no package')
  return join(top, 'dist', name)
}

export const buildBase = (): void => {
  execFileSync('bash', [join(import.meta.dirname, 'build-base')], { stdio: 'inherit', timeout: 1_800_000 })
}

/** What is done to the root before it becomes a disk: a shell script, run outside with the root's folder as `$1`. */
export interface Variant {
  readonly name: string
  readonly prepare: string
  /** Changes when the image has to be made again. */
  readonly version: string
}

export const firstlightVariant = (): Variant => {
  const file = packageFile()
  return {
    name: 'firstlight',
    version: String(statSync(file).mtimeMs),
    prepare: `cp ${file} "$1/tmp/firstlight.deb"; chroot "$1" dpkg -i /tmp/firstlight.deb >/dev/null; rm "$1/tmp/firstlight.deb"`,
  }
}

const mebibytes = 1024 * 1024
const diskMebibytes = 1100

/**
 * A raw disk with GPT and one ext4 partition of the variant's root, made when it is missing or of another version. Mounts
 * an overlay: call it in a mount namespace of its own.
 */
export const imageOf = (variant: Variant): string => {
  const base = readFileSync(join(cache, 'stamp'), 'utf8').slice(0, 8)
  const image = join(cache, `${variant.name}-${variant.version}-${base}.raw`)
  if (existsSync(image)) return image
  for (const old of readdirSync(cache).filter((name) => name.startsWith(`${variant.name}-`) && name.endsWith('.raw')))
    rmSync(join(cache, old))
  const work = join(cache, 'work')
  rmSync(work, { recursive: true, force: true })
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(work, name), { recursive: true })
  const root = join(work, 'root')
  const layers = `lowerdir=${join(cache, 'base')},upperdir=${join(work, 'upper')},workdir=${join(work, 'work')}`
  run('mount', ['-t', 'overlay', 'overlay', '-o', layers, root])
  try {
    run('sh', ['-ec', variant.prepare, 'sh', root])
    const disk = `${image}.new`
    const file = openSync(disk, 'w')
    ftruncateSync(file, diskMebibytes * mebibytes)
    closeSync(file)
    run('sfdisk', ['--quiet', disk], 'label: gpt\nstart=1MiB, type=L, name=root\n')
    const words = ['-q', '-F', '-L', 'root', '-d', root, '-E', `offset=${mebibytes},lazy_itable_init=1`]
    run('mke2fs', [...words, '-t', 'ext4', disk, `${diskMebibytes - 3}M`])
    renameSync(disk, image)
  } finally {
    run('umount', [root])
    rmSync(work, { recursive: true, force: true })
  }
  return image
}
