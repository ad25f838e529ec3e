import { shownUrl } from './shown-url.ts'

/**
 * The catalogue of errors. Each has a code, says what happened to what, and what to do next. The message is fit for a
 * user; a stack trace never is.
 */
export abstract class FirstlightError extends Error {
  abstract readonly code: string
  override get name(): string {
    return this.constructor.name
  }
}

/** A file could not be read or written. `reason` is the kernel's code: ENOENT, EROFS, ENOSPC, EACCES, ... */
export class FileError extends FirstlightError {
  readonly code = 'FL_FILE'
  constructor(
    readonly action: string,
    readonly path: string,
    readonly reason: string,
    detail?: string,
  ) {
    super(`cannot ${action} ${path}: ${detail ?? reason}`)
  }
}

/** A command failed. stderr's last lines are in the message, secrets are not. */
export class CommandError extends FirstlightError {
  readonly code = 'FL_COMMAND'
  constructor(
    readonly argv: readonly string[],
    /** undefined when it never started or was ended at the time limit. */
    readonly exitCode: number | undefined,
    readonly stdout: string,
    readonly stderr: string,
    detail: string,
  ) {
    super(`${argv.join(' ')}: ${detail}`)
  }
}

export type HttpFailureReason =
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'too-large'
  | 'unresolved'
  | 'protocol'
  | 'aborted'

/** A request without an answer. */
export class HttpFailure extends FirstlightError {
  readonly code = 'FL_HTTP'
  constructor(
    readonly url: string,
    readonly reason: HttpFailureReason,
    detail: string,
  ) {
    super(`${shownUrl(url)}: ${detail}`)
  }
}

/** A request that was answered with a status (or a body) that is of no use. */
export class HttpStatusError extends FirstlightError {
  readonly code = 'FL_HTTP_STATUS'
  constructor(
    readonly url: string,
    readonly status: number,
    detail = `answered with status ${status}`,
  ) {
    super(`${shownUrl(url)}: ${detail}`)
  }
}

export class MountError extends FirstlightError {
  readonly code = 'FL_MOUNT'
  constructor(
    readonly device: string,
    detail: string,
  ) {
    super(`cannot mount ${device} read-only: ${detail}`)
  }
}

export class LinkError extends FirstlightError {
  readonly code = 'FL_LINK'
  constructor(
    readonly link: string,
    detail: string,
    /** True when trying again can't help: no DHCP client is installed. */
    readonly isFinal = false,
  ) {
    super(`${link}: ${detail}`)
  }
}

/** A datasource found its cloud but what the cloud said is unusable. */
export class DatasourceError extends FirstlightError {
  readonly code = 'FL_DATASOURCE'
  constructor(
    readonly datasource: string,
    detail: string,
  ) {
    super(`${datasource}: ${detail}`)
  }
}

/** A value in the configuration is unusable. `key` is its path, such as `users[2].sudo`. */
export class ConfigError extends FirstlightError {
  readonly code = 'FL_CONFIG'
  constructor(
    readonly key: string,
    detail: string,
  ) {
    super(`${key}: ${detail}`)
  }
}

/** What went wrong, in one line fit for a user, whatever was thrown. */
export const messageOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return (error instanceof SyntaxError ? withoutExcerpt(message) : message).split('\n', 1)[0] ?? 'unknown error'
}

/** JSON.parse quotes what it was given, which may be a secret: `Unexpected token 'h', ..."word": hunter2"... is not ...`. */
const withoutExcerpt = (message: string): string =>
  message.replace(/(?:^|, )(?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON/s, ': not valid JSON').replace(/^: /, '')

/** Some items of a module failed (each was logged when it did); the others were done. */
export class ItemsFailed extends FirstlightError {
  readonly code = 'FL_ITEMS'
  constructor(readonly failures: readonly string[]) {
    super(failures.join('; '))
  }
}

/** Packages that could not be installed; the others were. */
export class PackagesFailed extends FirstlightError {
  readonly code = 'FL_PACKAGES'
  constructor(
    /** As they were asked for: `htop`, `vim=2:9.0` */
    readonly packages: readonly string[],
    detail: string,
  ) {
    super(`packages not installed: ${packages.join(', ')}: ${detail}`)
  }
}
