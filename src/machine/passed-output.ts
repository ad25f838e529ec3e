import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { attempt } from './file-error.ts'
import { writeAll } from './host-write.ts'
import { defaultPath } from './which.ts'

/**
 * Where goes what commands print that run with `output: 'pass'`. `stdout` and `stderr` are descriptors that the commands
 * get as theirs.
 */
export interface PassedOutput {
  readonly stdout: number
  readonly stderr: number
  /** Adds text of firstlight's own. */
  write(text: string | Uint8Array): void
  /** Ends it. Resolves when what was printed has arrived, after 5 s at most: a daemon may go on printing. */
  close(): Promise<void>
}

interface Target {
  readonly descriptor: number
  readonly filter?: ChildProcess
}

const longestDrainMilliseconds = 5000

const fileMode = 0o640

const openFile = (path: string, flags: number): Target => ({
  descriptor: attempt('open', path, () => openSync(path, flags | constants.O_WRONLY | constants.O_CREAT, fileMode)),
})

/**
 * A shell command that reads what is printed. It reads from a named pipe, since Node's own pipes are sockets, on which
 * `echo text > /dev/stderr` in a user's script fails; and since it is a process of its own, a daemon can print after
 * firstlight has ended.
 */
const openFilter = (command: string): Target => {
  const folder = mkdtempSync(`${tmpdir()}/firstlight-output-`)
  try {
    const pipe = `${folder}/pipe`
    const env = { PATH: defaultPath, ...process.env }
    execFileSync('mkfifo', ['-m', '600', pipe], { env })
    // Open for both, so that neither end waits for the other; it is the filter's end, which must not also be a writer.
    const both = openSync(pipe, constants.O_RDWR)
    const reading = openSync(pipe, constants.O_RDONLY)
    const descriptor = openSync(pipe, constants.O_WRONLY)
    const filter = spawn('/bin/sh', ['-c', command], { stdio: [reading, 'inherit', 'inherit'], detached: true, env })
    filter.on('error', () => undefined)
    closeSync(reading)
    closeSync(both)
    return { descriptor, filter }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const openTarget = (target: string): Target => {
  const [, kind = '', rest = ''] = /^\s*(\||>>|>|)\s*(.*?)\s*$/s.exec(target) ?? []
  if (kind === '|') return openFilter(rest)
  return openFile(rest, kind === '>' ? constants.O_TRUNC : constants.O_APPEND)
}

const drained = (filter: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(limit)
      filter.unref()
      resolve()
    }
    const limit = setTimeout(finish, longestDrainMilliseconds)
    if (filter.exitCode !== null || filter.signalCode !== null) finish()
    else filter.once('exit', finish).ref()
  })

/**
 * Opens an output by the words of cloud.cfg's `output` key: `| tee -a FILE`, `>> FILE`, `> FILE`, or a file to add to.
 *
 * @param stderr as `stdout`; `&1` (or nothing) for the same place
 * @throws FileError when the file cannot be opened; whatever starting the shell command throws
 */
export const openOutput = (stdout: string, stderr = '&1'): PassedOutput => {
  const out = openTarget(stdout)
  const same = stderr.trim() === '' || stderr.trim() === '&1' || stderr.trim() === stdout.trim()
  const err = same ? out : openTarget(stderr)
  // Not waited for unless by `close`.
  for (const { filter } of [out, err]) filter?.unref()
  return {
    stdout: out.descriptor,
    stderr: err.descriptor,
    write: (text) => writeAll(out.descriptor, Buffer.from(text)),
    close: async () => {
      const targets = same ? [out] : [out, err]
      for (const { descriptor } of targets) closeSync(descriptor)
      await Promise.all(targets.map(({ filter }) => filter && drained(filter)))
    },
  }
}
