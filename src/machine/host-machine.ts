import { notInstalled, shownArgv } from './command-result.ts'
import { createJournal } from './create-journal.ts'
import { createLog } from './create-log.ts'
import type { Disks } from './disks.ts'
import { CommandError } from './errors.ts'
import type { Unsynced } from './flush.ts'
import type { HostPaths } from './host-paths.ts'
import type { Http } from './http.ts'
import type { Links } from './links.ts'
import { liveFiles } from './live-files.ts'
import type { LogSink } from './log.ts'
import type { CommandOptions, CommandResult, Machine, MachineKind } from './machine.ts'
import type { Descriptors } from './passed-output.ts'
import { realClock } from './real-clock.ts'
import type { ProcessStart } from './run-process.ts'
import { defaultPath, findCommand } from './which.ts'

export interface HostMachineOptions {
  /** Where log records go. */
  readonly sinks?: readonly LogSink[]
  /** In whose name is logged and journaled until `as` says otherwise. Default `firstlight`. */
  readonly actor?: string
  /**
   * Where commands with `output: 'pass'` print to, asked at each (src/machine/passed-output.ts); undefined, and without
   * this: where firstlight itself does.
   */
  readonly output?: () => Descriptors | undefined
}

/** What a live machine and an image do differently. */
export interface HostParts {
  readonly kind: MachineKind
  readonly paths: HostPaths
  readonly http: Http
  disks(machine: Machine): Disks
  links(machine: Machine): Links
  /** How a command is started whose program is at `program` (a path of the machine). */
  start(program: string, argv: readonly string[], options: CommandOptions): ProcessStart
}

/** A machine whose files lie on a disk of the host: this machine, or an image. */
export const hostMachine = (parts: HostParts, options: HostMachineOptions = {}): Machine => {
  const clock = realClock()
  const journal = createJournal()
  const log = createLog({ clock, sinks: options.sinks ?? [] })
  const unsynced: Unsynced = { paths: new Set(), flushedEntries: 0 }
  const environment = process.env

  const asActor = (actor: string): Machine => {
    const files = liveFiles({ paths: parts.paths, journal, actor, unsynced })
    const which = (command: string, searchPath = environment['PATH'] ?? defaultPath): string | undefined =>
      findCommand(files, command, searchPath)

    const prepared = (argv: readonly string[], given: CommandOptions): ProcessStart => {
      const program = which(argv[0] ?? '', given.env?.['PATH'])
      if (program === undefined) throw notInstalled(argv, given)
      const output = given.output === 'pass' ? options.output?.() : undefined
      return { ...parts.start(program, argv, given), ...(output && { output }) }
    }
    const ask = async (argv: readonly string[], given: CommandOptions = {}): Promise<CommandResult> => {
      const start = prepared(argv, given)
      const { runProcess } = await import('./run-process.ts')
      return runProcess(argv, start, given)
    }
    const run = async (argv: readonly string[], given: CommandOptions = {}): Promise<CommandResult> => {
      const start = prepared(argv, given)
      const { runProcess } = await import('./run-process.ts')
      const record = (exitCode: number | undefined): void =>
        journal.record({
          actor,
          kind: 'command',
          argv: shownArgv(argv, given.secrets),
          ...(exitCode !== undefined && { exitCode }),
          ...(given.input !== undefined && { input: true }),
        })
      try {
        const result = await runProcess(argv, start, given)
        record(result.exitCode)
        return result
      } catch (error) {
        if (error instanceof CommandError) record(error.exitCode)
        throw error
      }
    }

    // The parts below are made at first need: most actors use files and commands alone.
    let disks: Disks | undefined
    let links: Links | undefined
    const machine: Machine = {
      kind: parts.kind,
      files,
      http: parts.http,
      clock,
      get disks() {
        disks ??= parts.disks(machine)
        return disks
      },
      get links() {
        links ??= parts.links(machine)
        return links
      },
      journal,
      log: log.as(actor),
      environment,
      userId: process.geteuid?.() ?? 0,
      run,
      ask,
      which: (command) => which(command),
      as: asActor,
    }
    return machine
  }
  return asActor(options.actor ?? 'firstlight')
}
