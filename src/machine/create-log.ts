import type { Log, LogLevel, LogRecord, LogSink } from './log.ts'
import type { Clock } from './machine.ts'

export interface LogOptions {
  readonly clock: Pick<Clock, 'now'>
  readonly sinks: readonly LogSink[]
}

/** A log that is shared by all actors of a machine: one redaction, one set of sinks. */
export interface LogCore {
  as(actor: string): Log
  /** Adds a sink; the function that is returned takes it out again. */
  addSink(sink: LogSink): () => void
}

/** Anything shorter would blank out innocent words. */
const shortestSecret = 4

/**
 * Makes the log. Records go to each sink in order; a sink that fails (full disk) is dropped and the failure told to the
 * others, since a log that can't be written must not stop a boot.
 */
export const createLog = ({ clock, sinks }: LogOptions): LogCore => {
  let open = [...sinks]
  /** Longest first, so that a secret within a longer one does not leave the rest of it behind. */
  let secrets: string[] = []

  const redact = (message: string): string => {
    let shown = message
    for (const secret of secrets) shown = shown.replaceAll(secret, '<redacted>')
    return shown
  }
  const send = (record: LogRecord): void => {
    for (const sink of open) {
      try {
        sink(record)
      } catch (error) {
        open = open.filter((other) => other !== sink)
        const why = error instanceof Error ? error.message : String(error)
        send({ ...record, level: 'WARNING', message: `a log can no longer be written: ${redact(why)}` })
      }
    }
  }
  const hideSecret = (text: string): void => {
    if (text.length < shortestSecret || secrets.includes(text)) return
    secrets = [...secrets, text].sort((left, right) => right.length - left.length)
  }

  return {
    addSink: (sink) => {
      open = [...open, sink]
      return () => {
        open = open.filter((other) => other !== sink)
      }
    },
    as: (actor) => {
      const at = (level: LogLevel) => (message: string) =>
        send({ level, actor, message: redact(message), time: clock.now() })
      return {
        debug: at('DEBUG'),
        info: at('INFO'),
        deprecated: at('DEPRECATED'),
        warning: at('WARNING'),
        error: at('ERROR'),
        announce: (message) =>
          send({ level: 'INFO', actor, message: redact(message), announced: true, time: clock.now() }),
        hideSecret,
      }
    },
  }
}
