/** Levels as in cloud-init's log; DEPRECATED lies between INFO and WARNING. */
export type LogLevel = 'DEBUG' | 'INFO' | 'DEPRECATED' | 'WARNING' | 'ERROR'

/**
 * The log. WARNING and ERROR (and DEPRECATED) also appear as recoverable errors in `status`. A message names the key or
 * file, what is wrong, and what to do; never a password, a private key or user-data.
 */
export interface Log {
  debug(message: string): void
  info(message: string): void
  deprecated(message: string): void
  warning(message: string): void
  error(message: string): void
  /** As info, and meant for whoever watches the boot: it also goes to firstlight's own standard error, as it is. */
  announce(message: string): void
  /** From now on every record of this machine's log shows `<redacted>` in place of this text (4 characters or more). */
  hideSecret(text: string): void
}

export interface LogRecord {
  readonly level: LogLevel
  readonly actor: string
  readonly message: string
  /** Printed for whoever watches the boot, at whatever level. */
  readonly announced?: boolean
  /** Milliseconds since 1970. */
  readonly time: number
}

/** Where records go: a file, the console, the list of a test. A sink that throws is left out from then on. */
export type LogSink = (record: LogRecord) => void
