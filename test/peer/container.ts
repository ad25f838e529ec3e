import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** What one run cost. Seconds, and kilobytes of the largest process. */
export interface Cost {
  readonly wall: number
  readonly cpu: number
  readonly memory: number
}

const cache = process.env['PEER_CACHE'] ?? join(tmpdir(), 'firstlight-peer')
const dist = join(import.meta.dirname, '../../dist')

/** Sets the stage as process 1 of the new namespaces: $0 the root, $1 node, then the command and its words. */
const inContainer = `
set -e
mount -t proc proc "$0/proc"
mount -t sysfs -o ro sysfs "$0/sys"
mount -t tmpfs tmpfs "$0/run"
mkdir -p "$0/run/systemd/system"
mount -t tmpfs tmpfs "$0/dev"
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$0/dev/\${node%:*}" c 1 "\${node#*:}"; done
ln -s /proc/self/fd "$0/dev/fd"
touch "$0/usr/local/bin/node"
mount --bind "$1" "$0/usr/local/bin/node"
ip link set lo up
root=$0
shift
exec chroot "$root" "$@" </dev/null
`

/** A throw-away copy of a root. */
export interface RootCopy {
  /** Where its files are. */
  readonly merged: string
  /** What differs from the root that it is a copy of, as overlayfs keeps it. */
  readonly upper: string
  /** Runs a command in a container of the copy. /run, /dev and all processes are gone when it has ended. */
  run(argv: readonly string[]): { readonly status: number | null; readonly output: string }
}

/** Folder of a root that build-roots has made. */
export const rootFolder = (root: string): string => join(cache, root)

/**
 * Makes a copy of a root, with firstlight in /opt/firstlight, for as long as `use` lasts.
 * @param files placed in the copy first: path -> content
 */
export const withCopyOf = <T>(root: string, files: Readonly<Record<string, string>>, use: (copy: RootCopy) => T): T => {
  const work = mkdtempSync(join(tmpdir(), 'firstlight-copy-'))
  const [merged, upper] = [join(work, 'merged'), join(work, 'upper')]
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', work])
    for (const folder of [upper, join(work, 'work'), merged]) mkdirSync(folder)
    const layers = `lowerdir=${rootFolder(root)},upperdir=${upper},workdir=${join(work, 'work')}`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, merged])
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(merged, path)), { recursive: true })
      writeFileSync(join(merged, path), content)
    }
    cpSync(dist, join(merged, 'opt/firstlight'), { recursive: true })
    const words = ['--mount', '--uts', '--ipc', '--pid', '--net', '--fork', '--kill-child', 'sh', '-c', inContainer]
    return use({
      merged,
      upper,
      run: (argv) => {
        const options = { encoding: 'utf8', timeout: 120_000 } as const
        const { status, stdout, stderr, error } = spawnSync(
          'unshare',
          [...words, merged, process.execPath, ...argv],
          options,
        )
        return { status, output: `${error?.message ?? ''}${stdout}${stderr}` }
      },
    })
  } finally {
    spawnSync('umount', ['-l', merged])
    spawnSync('umount', ['-l', work])
    rmSync(work, { recursive: true, force: true })
  }
}

/**
 * Runs a shell command in a container of a throw-away copy of a root, and measures it from inside, so that the
 * container's own cost is left out.
 * @param files placed in the copy first: path -> content
 */
export const measureInContainer = (root: string, command: string, files: Readonly<Record<string, string>>): Cost =>
  withCopyOf(root, files, ({ merged, run }) => {
    const { output } = run(['/usr/bin/time', '-o', '/cost', '-f', '%e %U %S %M', 'sh', '-c', command])
    const costFile = join(merged, 'cost')
    if (!existsSync(costFile)) throw new Error(`${command}: ${output}`)
    const line = readFileSync(costFile, 'utf8').trim().split('\n').at(-1) ?? ''
    const [wall, user, system, memory] = line.split(' ').map(Number)
    if (
      wall === undefined ||
      user === undefined ||
      system === undefined ||
      memory === undefined ||
      Number.isNaN(memory)
    ) {
      throw new Error(`${command}: ${line}\n${output}`)
    }
    return { wall, cpu: user + system, memory }
  })

/** The middle of the values. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
