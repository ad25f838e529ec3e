import { CommandError } from './errors.ts'
import type { CommandOptions, CommandResult } from './machine.ts'

/** What a command said, from its parts; what is left out is empty, the exit code 0. */
export const commandResult = (
  parts: { exitCode?: number; stdout?: string | Uint8Array; stderr?: string } = {},
): CommandResult => {
  const bytes = typeof parts.stdout === 'string' ? Buffer.from(parts.stdout) : (parts.stdout ?? new Uint8Array())
  const stdoutBytes = new Uint8Array(bytes)
  return Object.freeze({
    exitCode: parts.exitCode ?? 0,
    stdout: Buffer.from(stdoutBytes).toString('utf8'),
    stderr: parts.stderr ?? '',
    stdoutBytes,
  })
}

/** argv with the words that `secrets` names (or that contain one) made unreadable: for logs, journal and errors. */
export const shownArgv = (argv: readonly string[], secrets: readonly string[] = []): readonly string[] =>
  secrets.length === 0 ? argv : argv.map((word) => maskSecrets(word, secrets))

export const maskSecrets = (text: string, secrets: readonly string[] = []): string => {
  let shown = text
  for (const secret of secrets) if (secret !== '') shown = shown.replaceAll(secret, '<redacted>')
  return shown
}

const lastLines = (text: string, count: number): string =>
  text.trimEnd().split('\n').slice(-count).join(' | ').slice(-600)

/**
 * The result, when its exit code is an allowed one.
 * @throws CommandError with the exit code and the last lines of stderr (or stdout), secrets masked.
 */
export const checkedResult = (
  argv: readonly string[],
  options: CommandOptions,
  result: CommandResult,
): CommandResult => {
  const allowed = options.allowedExitCodes ?? [0]
  if (allowed === 'any' || allowed.includes(result.exitCode)) return result
  const hide = (text: string): string => maskSecrets(text, options.secrets)
  const said = lastLines(hide(result.stderr), 3) || lastLines(hide(result.stdout), 3)
  throw new CommandError(
    shownArgv(argv, options.secrets),
    result.exitCode,
    hide(result.stdout),
    hide(result.stderr),
    `exit code ${result.exitCode}${said && `: ${said}`}`,
  )
}

/** The command is not installed. */
export const notInstalled = (argv: readonly string[], options: CommandOptions = {}): CommandError =>
  new CommandError(shownArgv(argv, options.secrets), undefined, '', '', 'not installed: no such command in PATH')
