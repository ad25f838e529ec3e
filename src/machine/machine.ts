import type { Disks } from './disks.ts'
import type { Files } from './files.ts'
import type { Http } from './http.ts'
import type { Journal } from './journal.ts'
import type { Links } from './links.ts'
import type { Log } from './log.ts'

/**
 * The thing being provisioned: the only door to the operating system.
 *
 * There are four kinds and nothing above can tell which it has: `live` (this machine), `image` (a mounted root folder,
 * commands run in it by chroot), `plan` (reads the real machine, keeps writes in memory, records commands) and `memory`
 * (a made-up machine, for tests).
 */
export interface Machine {
  readonly kind: MachineKind
  readonly files: Files
  readonly http: Http
  readonly clock: Clock
  readonly disks: Disks
  readonly links: Links
  readonly journal: Journal
  readonly log: Log
  /** Environment variables of the process that started firstlight. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Effective user id: 0 is root. */
  readonly userId: number

  /**
   * Runs a command that may change the machine, and records it in the journal. The plan machine only records it and
   * answers exit code 0 with empty output.
   * @throws CommandError when it can't be started, is still running at the time limit, or exits with a code that
   *   `allowedExitCodes` does not name.
   */
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>

  /**
   * Runs a command that only asks (blkid, systemctl is-active, ssh-keygen -l): really runs on the plan machine, too, and
   * is not journaled. Same options, result and errors as `run`.
   */
  ask(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>

  /** Path of a command in PATH as the machine sees it (`/usr/sbin/useradd`), or undefined when it is not installed. */
  which(command: string): string | undefined

  /** The same machine, journaling and logging in the name of `actor` (`write_files`, `datasource:Ec2`, `boot`). */
  as(actor: string): Machine
}

export type MachineKind = 'live' | 'image' | 'plan' | 'memory'

export interface Clock {
  /** Wall clock: milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
  /** Milliseconds on a clock that only runs forward; for measuring spans. */
  monotonic(): number
  /** Seconds since the kernel started. */
  uptime(): number
  /** Resolves after that time, or as soon as `signal` is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export interface CommandOptions {
  /** Standard input; otherwise the command gets none. */
  readonly input?: string | Uint8Array
  /** Added to (and, over) the environment that commands get by default. undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Working directory, default `/`. */
  readonly cwd?: string
  /** Default 0 hours, 20 minutes: every wait has a limit. */
  readonly timeoutSeconds?: number
  /** Default `[0]`; 'any' never throws for an exit code. */
  readonly allowedExitCodes?: readonly number[] | 'any'
  /**
   * `capture` (default) returns stdout and stderr; `pass` sends them to firstlight's own output, where the user's
   * scripts are expected to print (and so to cloud-init-output.log); then stdout and stderr are empty.
   */
  readonly output?: 'capture' | 'pass'
  /** Words of argv that must not be shown in a log, a journal or an error. */
  readonly secrets?: readonly string[]
  /** Start and don't wait: for a power-off that must outlive this process. Resolves with exit code 0 once started. */
  readonly detached?: boolean
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** stdout as it came, for output that is not text. */
  readonly stdoutBytes: Uint8Array
}
