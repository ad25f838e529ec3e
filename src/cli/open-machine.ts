import { dirname } from 'node:path'
import { logFileSink } from '../boot/log-file.ts'
import { imageMachine } from '../machine/image.ts'
import { liveMachine } from '../machine/live.ts'
import type { LogRecord, LogSink } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import type { OpenedMachine } from './command.ts'

export interface OpenChoice {
  /** `/` for this machine, another folder for an image. */
  readonly root: string
  /** The whole log on standard error, too. */
  readonly debug?: boolean
  /** Also into cloud-init.log: for commands that change the machine. */
  readonly keepsLog?: boolean
  /** Nothing on standard error: the command shows the records itself. */
  readonly isQuiet?: boolean
}

const isSerious = ({ level }: LogRecord): boolean => level === 'WARNING' || level === 'ERROR'

const onStandardError =
  (debug: boolean): LogSink =>
  (record) => {
    if (record.announced) process.stderr.write(`${record.message}\n`)
    else if (debug || isSerious(record)) process.stderr.write(`${record.actor}[${record.level}]: ${record.message}\n`)
  }

/** Opens the machine that a command is about. */
export const openMachine = async ({
  root,
  debug = false,
  keepsLog = false,
  isQuiet = false,
}: OpenChoice): Promise<OpenedMachine> => {
  const records: LogRecord[] = []
  const open = (sinks: readonly LogSink[]): Machine =>
    root === '/' ? liveMachine({ sinks }) : imageMachine(root, { sinks })
  // The log is written through a machine of its own, whose journal nobody reads: a log is not a change.
  const kept = keepsLog ? [logFileSink(open([]))] : []
  const machine = open([(record) => void records.push(record), ...kept, ...(isQuiet ? [] : [onStandardError(debug)])])
  return { machine, records, root }
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
