import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { appendFileSync, closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { attempt } from './file-error.ts'
import { writeAll } from './host-write.ts'
import { defaultPath } from './which.ts'

/** What commands get as theirs. */
export interface Descriptors {
  readonly stdout: number
  readonly stderr: number
}

/** Where goes what commands print that run with `output: 'pass'`. */
export interface PassedOutput {
  /** @throws as `openOutput` does: what no command has needed yet is opened here. */
  descriptors(): Descriptors
  /** Adds text of firstlight's own. Throws as `descriptors` does. */
  write(text: string | Uint8Array): void
  /** Ends it. Resolves when what was printed has arrived, after 5 s at most: a daemon may go on printing. */
  close(): Promise<void>
}

interface Target {
  /** What commands get. */
  descriptor(): number
  write(content: Uint8Array): void
  close(): Promise<void>
}

const longestDrainMilliseconds = 5000

const fileMode = 0o640
/** What a filter makes is as private: cloud-init's umask for it, too. */
const filterUmask = '0037'

const fileTarget = (path: string, flags: number): Target => {
  const descriptor = attempt('open', path, () =>
    openSync(path, flags | constants.O_WRONLY | constants.O_CREAT, fileMode),
  )
  return {
    descriptor: () => descriptor,
    write: (content) => writeAll(descriptor, content),
    close: async () => closeSync(descriptor),
  }
}

interface Filter {
  readonly descriptor: number
  readonly process: ChildProcess
}

/**
 * A shell command that reads what is printed. It reads from a named pipe, since Node's own pipes are sockets, on which
 * `echo text > /dev/stderr` in a user's script fails; and since it is a process of its own, a daemon can print after
 * firstlight has ended.
 */
const openFilter = (command: string): Filter => {
  const folder = mkdtempSync(`${tmpdir()}/firstlight-output-`)
  try {
    const pipe = `${folder}/pipe`
    const env = { PATH: defaultPath, ...process.env }
    execFileSync('mkfifo', ['-m', '600', pipe], { env })
    // Open for both, so that neither end waits for the other; it is the filter's end, which must not also be a writer.
    const both = openSync(pipe, constants.O_RDWR)
    const reading = openSync(pipe, constants.O_RDONLY)
    const descriptor = openSync(pipe, constants.O_WRONLY)
    const script = `umask ${filterUmask}\n${command}`
    const filter = spawn('/bin/sh', ['-c', script], { stdio: [reading, 'inherit', 'inherit'], detached: true, env })
    filter.on('error', () => undefined)
    // Not waited for unless by `close`.
    filter.unref()
    closeSync(reading)
    closeSync(both)
    return { descriptor, process: filter }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The file that `tee -a FILE` adds to, when that is all the command says. */
const teeFile = (command: string): string | undefined => /^tee\s+(?:-a|--append)\s+(\/[\w./-]+)$/.exec(command)?.[1]

/**
 * A filter starts when a command needs it. Until then the text that firstlight itself prints goes where `tee -a FILE`
 * would have it, and most stages start no filter: a boot has three processes less for each.
 */
const filterTarget = (command: string): Target => {
  const file = teeFile(command)
  let filter: Filter | undefined
  const descriptor = (): number => {
    filter ??= openFilter(command)
    return filter.descriptor
  }
  const writeAsTee = (path: string, content: Uint8Array): void => {
    attempt('append to', path, () => appendFileSync(path, content, { mode: fileMode }))
    process.stdout.write(content)
  }
  return {
    descriptor,
    write: (content) => {
      if (file === undefined || filter) writeAll(descriptor(), content)
      else writeAsTee(file, content)
    },
    close: async () => {
      if (!filter) return
      closeSync(filter.descriptor)
      await drained(filter.process)
    },
  }
}

const openTarget = (target: string): Target => {
  const [, kind = '', rest = ''] = /^\s*(\||>>|>|)\s*(.*?)\s*$/s.exec(target) ?? []
  if (kind === '|') return filterTarget(rest)
  return fileTarget(rest, kind === '>' ? constants.O_TRUNC : constants.O_APPEND)
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
  return {
    descriptors: () => ({ stdout: out.descriptor(), stderr: err.descriptor() }),
    write: (text) => out.write(Buffer.from(text)),
    close: async () => {
      await Promise.all((same ? [out] : [out, err]).map((target) => target.close()))
    },
  }
}
