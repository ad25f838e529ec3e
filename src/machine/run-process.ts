import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { checkedResult, commandResult, maskSecrets, shownArgv } from './command-result.ts'
import { CommandError } from './errors.ts'
import { reasonOf } from './file-error.ts'
import type { CommandOptions, CommandResult } from './machine.ts'
import { signalGroup, whileRunning } from './running-commands.ts'
import { defaultPath } from './which.ts'

/** Where a command is and how it is started: directly on this machine, by chroot in an image. */
export interface ProcessStart {
  /** Path of the program to execute, and all its words. */
  readonly file: string
  readonly words: readonly string[]
  readonly cwd: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Descriptors that the command gets with `output: 'pass'`; undefined: firstlight's own. */
  readonly output?: { readonly stdout: number; readonly stderr: number }
}

const defaultTimeoutSeconds = 20 * 60
/** More output than this of one stream is read but not kept. */
const keptOutput = 16 * 1024 * 1024
/** Between TERM and KILL. */
const graceMilliseconds = 5000
/** A daemon that a command leaves behind may hold its output open: what was printed by then is the output. */
const drainMilliseconds = 500

const environmentOf = (start: ProcessStart): NodeJS.ProcessEnv => {
  const environment: NodeJS.ProcessEnv = { PATH: defaultPath }
  for (const [name, value] of Object.entries(start.environment)) {
    if (value === undefined) delete environment[name]
    else environment[name] = value
  }
  return environment
}

/** Collects a stream, up to the limit; the rest is thrown away so that the command does not block. */
const collect = (stream: Readable | null): (() => Buffer) => {
  const pieces: Buffer[] = []
  let kept = 0
  stream?.on('data', (piece: Buffer) => {
    if (kept >= keptOutput) return
    const part = piece.subarray(0, keptOutput - kept)
    pieces.push(part)
    kept += part.length
  })
  // The other end closing early is not ours to report.
  stream?.on('error', () => undefined)
  return () => Buffer.concat(pieces)
}

const signalChild = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid !== undefined) signalGroup(child.pid, signal)
}

const started = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })

const ended = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    let drain: NodeJS.Timeout | undefined
    let exitCode = 0
    const finish = (): void => {
      clearTimeout(drain)
      resolve(exitCode)
    }
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      // As shells tell it: 128 and the signal's number.
      exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0)
      drain = setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) {
          stream?.removeAllListeners('data')
          stream?.resume()
          if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
        }
        finish()
      }, drainMilliseconds)
    })
    child.once('close', finish)
  })

/** The program itself was found before. */
const startFailures: Readonly<Record<string, string>> = {
  ENOENT: 'cannot be started: its working folder, or the interpreter in its first line, does not exist (ENOENT)',
  EACCES: 'cannot be started: not executable, or on a file system mounted noexec (EACCES)',
  E2BIG: 'cannot be started: its arguments are too long (E2BIG)',
}

const startError = (error: unknown, argv: readonly string[], options: CommandOptions): CommandError => {
  const reason = reasonOf(error)
  const detail = startFailures[reason] ?? `cannot be started (${reason})`
  return new CommandError(shownArgv(argv, options.secrets), undefined, '', '', detail)
}

const startDetached = async (start: ProcessStart): Promise<CommandResult> => {
  const child = spawn(start.file, start.words.slice(1), {
    argv0: start.words[0] ?? start.file,
    cwd: start.cwd,
    env: environmentOf(start),
    stdio: 'ignore',
    detached: true,
  })
  await started(child)
  child.unref()
  return commandResult()
}

/**
 * Runs a process to its end.
 *
 * It gets a process group of its own, so that the time limit ends everything it has started: TERM, and KILL 5 s later.
 * @param argv the command as its caller wrote it, for errors
 * @throws CommandError
 */
export const runProcess = async (
  argv: readonly string[],
  start: ProcessStart,
  options: CommandOptions,
): Promise<CommandResult> => {
  try {
    if (options.detached) return await startDetached(start)
    const result = await runToEnd(argv, start, options)
    return checkedResult(argv, options, result)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw startError(error, argv, options)
  }
}

const startChild = (start: ProcessStart, options: CommandOptions): ChildProcess => {
  const passed = [start.output?.stdout ?? 1, start.output?.stderr ?? 2]
  const output: (number | 'pipe')[] = options.output === 'pass' ? passed : ['pipe', 'pipe']
  return spawn(start.file, start.words.slice(1), {
    argv0: start.words[0] ?? start.file,
    cwd: start.cwd,
    env: environmentOf(start),
    stdio: [options.input === undefined ? 'ignore' : 'pipe', ...output],
    detached: true,
  })
}

/** Follows a child to its end, which the time limit brings about at the latest. */
const follow = async (
  child: ChildProcess,
  input: CommandOptions['input'],
  seconds: number,
): Promise<{ result: CommandResult; timedOut: boolean }> => {
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  // A command that does not read its input (EPIPE) is judged by its exit code.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)

  let timedOut = false
  let kill: NodeJS.Timeout | undefined
  const end = (): void => {
    timedOut = true
    signalChild(child, 'SIGTERM')
    kill = setTimeout(() => signalChild(child, 'SIGKILL'), graceMilliseconds)
  }
  // Node's timers end at 2^31 milliseconds; a longer one would go off at once.
  const limit = setTimeout(end, Math.min(seconds * 1000, 2 ** 31 - 1))
  try {
    const exitCode = await ended(child)
    const result = commandResult({ exitCode, stdout: stdout(), stderr: stderr().toString('utf8') })
    return { result, timedOut }
  } finally {
    clearTimeout(limit)
    clearTimeout(kill)
    // What has not listened to TERM.
    if (timedOut) signalChild(child, 'SIGKILL')
  }
}

const runToEnd = async (
  argv: readonly string[],
  start: ProcessStart,
  options: CommandOptions,
): Promise<CommandResult> => {
  const seconds = options.timeoutSeconds ?? defaultTimeoutSeconds
  const { result, timedOut } = await whileRunning(() => {
    const child = startChild(start, options)
    return { group: child.pid, work: follow(child, options.input, seconds) }
  })
  if (!timedOut) return result
  const hide = (text: string): string => maskSecrets(text, options.secrets)
  const detail = `still running after ${seconds} s: ended`
  throw new CommandError(shownArgv(argv, options.secrets), undefined, hide(result.stdout), hide(result.stderr), detail)
}
