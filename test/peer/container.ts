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

/** Sets the stage as process 1 of the new namespaces ($0 the root, $1 node, $2 the command), and measures the command. */
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
exec chroot "$0" /usr/bin/time -o /cost -f '%e %U %S %M' sh -c "$2" </dev/null
`

/**
 * Runs a shell command in a container of a throw-away copy of a root, and measures it from inside, so that the
 * container's own cost is left out.
 * @param files placed in the copy first: path -> content
 */
export const measureInContainer = (root: string, command: string, files: Readonly<Record<string, string>>): Cost => {
  const work = mkdtempSync(join(tmpdir(), 'firstlight-bench-'))
  const merged = join(work, 'merged')
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', work])
    for (const name of ['upper', 'work', 'merged']) mkdirSync(join(work, name))
    const layers = `lowerdir=${join(cache, root)},upperdir=${join(work, 'upper')},workdir=${join(work, 'work')}`
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, merged])
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(merged, path)), { recursive: true })
      writeFileSync(join(merged, path), content)
    }
    cpSync(dist, join(merged, 'opt/firstlight'), { recursive: true })
    const words = [
      '--mount',
      '--uts',
      '--ipc',
      '--pid',
      '--net',
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      inContainer,
      merged,
    ]
    const run = spawnSync('unshare', [...words, process.execPath, command], { encoding: 'utf8', timeout: 120_000 })
    const costFile = join(merged, 'cost')
    if (!existsSync(costFile)) throw new Error(`${command}: ${run.error?.message ?? ''}\n${run.stdout}\n${run.stderr}`)
    const line = readFileSync(costFile, 'utf8').trim().split('\n').at(-1) ?? ''
    const [wall, user, system, memory] = line.split(' ').map(Number)
    if (
      wall === undefined ||
      user === undefined ||
      system === undefined ||
      memory === undefined ||
      Number.isNaN(memory)
    ) {
      throw new Error(`${command}: ${line}\n${run.stdout}\n${run.stderr}`)
    }
    return { wall, cpu: user + system, memory }
  } finally {
    spawnSync('umount', ['-l', merged])
    spawnSync('umount', ['-l', work])
    rmSync(work, { recursive: true, force: true })
  }
}

/** The middle of the values. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
