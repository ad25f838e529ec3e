import { dirname } from 'node:path'
import { logFileSink } from '../boot/log-file.ts'
import type { OutputSetting } from '../boot/output-setting.ts'
import { messageOf } from '../machine/errors.ts'
import { imageMachine } from '../machine/image.ts'
import { liveMachine } from '../machine/live.ts'
import type { LogRecord, LogSink } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { type Descriptors, openOutput, type PassedOutput } from '../machine/passed-output.ts'
import type { OpenedMachine } from './command.ts'

export interface OpenChoice {
  /** `/` for this machine, another folder for an image. */
  readonly root: string
  /** The whole log on standard error, too. */
  readonly debug?: boolean
  /** Also into cloud-init.log: for commands that change the machine. */
  readonly keepsLog?: boolean
  /** Resolves when files can be written; the log is held until then. Default: now. */
  readonly writable?: Promise<void>
  /** Nothing on standard error: the command shows the records itself. */
  readonly isQuiet?: boolean
}

const isSerious = ({ level }: LogRecord): boolean => level === 'WARNING' || level === 'ERROR'

const onStandardError =
  (debug: boolean, announce: (text: string) => void): LogSink =>
  (record) => {
    if (record.announced) announce(`${record.message}\n`)
    else if (debug || isSerious(record)) process.stderr.write(`${record.actor}[${record.level}]: ${record.message}\n`)
  }

/** Opens the machine that a command is about. */
export const openMachine = async (choice: OpenChoice): Promise<OpenedMachine> => {
  const { root, debug = false, keepsLog = false, isQuiet = false, writable } = choice
  const records: LogRecord[] = []
  const printed = passedOutput()
  const open = (sinks: readonly LogSink[]): Machine =>
    root === '/'
      ? liveMachine({ sinks, output: printed.current })
      : imageMachine(root, { sinks, output: printed.current })
  // The log is written through a machine of its own, whose journal nobody reads: a log is not a change.
  const file = keepsLog ? [logFileSink(open([]))] : []
  const kept = writable ? file.map((sink) => heldUntil(writable, sink)) : file
  const shown = isQuiet ? [] : [onStandardError(debug, printed.announce)]
  const machine = open([(record) => void records.push(record), ...kept, ...shown])
  return { machine, records, root, sendOutput: printed.send }
}

/** What is said before goes to the sink when the time has come, in order. */
const heldUntil = (time: Promise<void>, sink: LogSink): LogSink => {
  let held: LogRecord[] | undefined = []
  void time.then(() => {
    const records = held ?? []
    held = undefined
    try {
      for (const record of records) sink(record)
    } catch {
      // The sink is asked once more by the next record, and then left out by the log.
    }
  })
  return (record) => {
    if (held) held.push(record)
    else sink(record)
  }
}

/** Where printing goes by the configuration's `output`: nothing is opened before something is printed. */
const passedOutput = () => {
  let setting: OutputSetting | undefined
  let opened: PassedOutput | undefined
  /** What can't be opened (a read-only disk) is told once, and done without: commands run all the same. */
  const attempt = <T>(use: (output: PassedOutput) => T): T | undefined => {
    if (setting === undefined) return undefined
    try {
      opened ??= openOutput(setting.stdout, setting.stderr)
      return use(opened)
    } catch (error) {
      process.stderr.write(`output: ${setting.stdout}: ${messageOf(error)}\n`)
      setting = undefined
      return undefined
    }
  }
  const write = (text: string): boolean =>
    attempt((output) => {
      output.write(text)
      return true
    }) ?? false
  return {
    current: (): Descriptors | undefined => attempt((output) => output.descriptors()),
    announce: (text: string): void => {
      if (!write(text)) process.stderr.write(text)
    },
    send: async (next: OutputSetting | undefined): Promise<void> => {
      const last = opened
      setting = next
      opened = undefined
      await last?.close()
    },
  }
}

/** This machine, where files named on the command line are. */
export const openHere = async (): Promise<Machine> => liveMachine()

/**
 * Text of the cloud.cfg that lies beside the program (on this machine, whatever --root says), for machines whose own is
 * missing or can't be used. undefined: there is none.
 */
export const shippedConfig = (): string | undefined => {
  const { files } = liveMachine()
  try {
    return files.readTextIfExists(`${dirname(files.realPath(process.argv[1] ?? '/'))}/config/cloud.cfg`)
  } catch {
    return undefined
  }
}
