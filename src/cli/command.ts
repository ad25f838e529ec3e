import type { Options, PositionalOptions } from 'yargs'
import type { OutputSetting } from '../boot/output-setting.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import type { Console } from './console.ts'

/** What a command's run gets: the words of its command line, checked by yargs against `options`. */
export type Arguments = Readonly<Record<string, unknown>>

/** What every command may use. */
export interface CommandContext {
  readonly console: Console
  /** The machine that the command is about: this one, or the root folder given with --root. Opened at first need. */
  machine(options?: { readonly keepsLog?: true; readonly isQuiet?: true }): Promise<OpenedMachine>
  /** This machine, where files named on the command line are read, whatever --root says. */
  here(): Promise<Machine>
}

export interface OpenedMachine {
  readonly machine: Machine
  /** What the machine's log has said so far; grows. */
  readonly records: readonly LogRecord[]
  /** Folder that stands for `/`. */
  readonly root: string
  /**
   * From now on, what commands of users and firstlight itself print goes there (opened when something is printed);
   * undefined: to standard output. What went elsewhere so far has arrived when this resolves.
   */
  sendOutput(setting: OutputSetting | undefined): Promise<void>
}

/** One command, one file. It parses words, calls the engine, prints; it decides nothing. */
export interface Command {
  /** As yargs writes it: `init`, `query [varname]`. */
  readonly usage: string
  readonly summary: string
  /** Not in the help: firstlight calls it itself. */
  readonly isHidden?: boolean
  /** Short words that mean something else here than for all commands: `-d` and what it stands for. */
  readonly shortWords?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, Options>>
  readonly positionals?: Readonly<Record<string, PositionalOptions>>
  /** Returns the exit code. */
  run(context: CommandContext, args: Arguments): Promise<number>
}

/** The text given for `name`; undefined when none was. */
export const textArgument = (args: Arguments, name: string): string | undefined => {
  const value = args[name]
  return typeof value === 'string' ? value : undefined
}

export const isSet = (args: Arguments, name: string): boolean => args[name] === true

export const listArgument = (args: Arguments, name: string): string[] => {
  const value = args[name]
  if (Array.isArray(value)) return value.map(String)
  return value === undefined ? [] : [String(value)]
}
