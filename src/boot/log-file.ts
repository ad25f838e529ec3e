import type { LogRecord, LogSink } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { isoTime } from '../machine/time.ts'

export const logFile = '/var/log/cloud-init.log'
export const outputLogFile = '/var/log/cloud-init-output.log'

/** Readable by root and the group adm, as distributions expect of logs that may quote user-data. */
const logMode = 0o640

/** `2025-01-01 12:00:00,123 - write_files[WARNING]: message`: one line a record, as log shippers parse it. */
export const formatRecord = ({ time, actor, level, message }: LogRecord): string => {
  const [date = '', clock = ''] = isoTime(time).replace('Z', '').split('T')
  return `${date} ${clock.replace('.', ',')} - ${actor}[${level}]: ${oneLine(message)}\n`
}

/** Control characters (also a newline in a metadata value) must not forge lines or reach a terminal. */
const oneLine = (message: string): string => message.replaceAll(/\p{Cc}+/gu, ' ')

/** Appends records to cloud-init.log on `machine`, which should keep a journal of its own: a log is not a change. */
export const logFileSink = (machine: Machine): LogSink => {
  const append = appender(machine, logFile)
  return (record) => append(formatRecord(record))
}

/** Makes cloud-init-output.log before anybody prints into it: what scripts print is nobody else's to read, either. */
export const makeOutputLog = (machine: Machine): void => {
  if (!machine.files.exists(outputLogFile)) appender(machine, outputLogFile)('')
}

const appender = (machine: Machine, path: string) => {
  const owner = { userId: 0, groupId: admGroup(machine) }
  return (content: string): void => machine.files.append(path, content, { mode: logMode, owner })
}

const admGroup = (machine: Machine): number => {
  const line = (machine.files.readTextIfExists('/etc/group') ?? '').split('\n').find((text) => text.startsWith('adm:'))
  return Number(line?.split(':')[2] ?? 0)
}
