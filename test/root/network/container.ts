import { spawn } from 'node:child_process'
import { existsSync, lstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, eventually, type Outcome } from './commands.ts'

/** A machine that is switched on. */
export interface Running {
  /** Runs a command in it, whatever comes of it. */
  attempt(...argv: string[]): Promise<Outcome>
  /** Runs a command that must succeed; returns what it prints. */
  run(...argv: string[]): Promise<string>
  /** From switching on until the final stage was done. */
  readonly bootSeconds: number
  /** Switches it off. */
  stop(): Promise<void>
}

export interface BootOptions {
  readonly label: string
  readonly root: string
  /** The network namespace that has its interfaces. */
  readonly desk: string
  readonly interfaces: readonly string[]
  readonly limitSeconds?: number | undefined
}

/** Boots a root in a container: systemd and all, the interfaces its own. */
export const bootContainer = async (options: BootOptions): Promise<Running> => {
  const { label, root, desk, interfaces, limitSeconds = 90 } = options
  const start = performance.now()
  const words = [
    ...['--quiet', `--directory=${root}`, '--boot', `--machine=${label}`, '--register=no', '--keep-unit'],
    ...['--private-network', ...interfaces.map((name) => `--network-interface=${name}`)],
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no', '--console=pipe'],
  ]
  const log = `${root}.console`
  const output = openSync(log, 'w')
  const child = spawn('nsenter', [`--net=/run/netns/${desk}`, 'systemd-nspawn', ...words], {
    stdio: ['ignore', output, output],
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const stop = async (): Promise<void> => {
    const leader = leaderOf(child.pid)
    if (leader !== undefined) process.kill(leader, 'SIGKILL')
    setTimeout(() => child.kill('SIGKILL'), 5000).unref()
    await ended
  }
  const inside = (argv: readonly string[], limit?: number): Promise<Outcome> => {
    const leader = leaderOf(child.pid)
    return leader === undefined
      ? Promise.resolve({ exitCode: -1, stdout: '', stderr: 'the machine is not running' })
      : attempt(['nsenter', '-t', String(leader), '--all', '--', ...argv], limit)
  }
  try {
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`the container ended: ${readFileSync(log, 'utf8')}`)
      const leader = leaderOf(child.pid)
      if (leader === undefined || !isThere(`/proc/${leader}/root/run/cloud-init/result.json`))
        throw new Error(`no end of the boot within ${limitSeconds} s`)
    }, limitSeconds)
  } catch (error) {
    const { stdout } = await inside(['systemctl', 'list-jobs', '--no-pager'])
    const journal = await inside(['journalctl', '-b', '--no-pager', '-o', 'short-monotonic', '-n', '60'])
    await stop()
    throw new Error(`${label}: ${String(error)}\n${stdout}\n${journal.stdout}`)
  }
  return {
    attempt: (...argv) => inside(argv),
    run: async (...argv) => {
      const { exitCode, stdout, stderr } = await inside(argv)
      if (exitCode !== 0) throw new Error(`in ${label}: ${argv.join(' ')}: ${stderr.trim()}`)
      return stdout
    },
    bootSeconds: (performance.now() - start) / 1000,
    stop,
  }
}

/** Process 1 of the container that `nspawn` runs. */
const leaderOf = (nspawn: number | undefined): number | undefined => {
  if (nspawn === undefined) return undefined
  const children = childrenOf(nspawn)
  return children.find((pid) => existsSync(`/proc/${pid}/root/run/systemd/system`))
}

const childrenOf = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(join(`/proc/${pid}/task`, task, 'children'), 'utf8')
        .trim()
        .split(/\s+/)
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return []
  }
}

/** A symbolic link counts, wherever it leads: seen from outside it leads elsewhere. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined
