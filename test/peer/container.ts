import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
    const words = ['--quiet', '--register=no', '--private-network', '--pipe', '-D', merged, '--bind-ro', `${process.execPath}:/usr/local/bin/node`]
    const timed = ['/usr/bin/time', '-o', '/cost', '-f', '%e %U %S %M', 'sh', '-c', command]
    const run = spawnSync('systemd-nspawn', [...words, ...timed], { encoding: 'utf8', timeout: 120_000 })
    const line = readFileSync(join(merged, 'cost'), 'utf8').trim().split('\n').at(-1) ?? ''
    const [wall, user, system, memory] = line.split(' ').map(Number)
    if (wall === undefined || user === undefined || system === undefined || memory === undefined || Number.isNaN(memory)) {
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
