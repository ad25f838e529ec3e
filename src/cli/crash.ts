import { messageOf } from '../machine/errors.ts'

export const isDebug = (words: readonly string[]): boolean => words.includes('--debug') || words.includes('-d')

/** An error that no command expected: one line for a user; the stack only for those who asked with --debug. */
export const reportCrash = (error: unknown, debug: boolean): void => {
  process.stderr.write(`firstlight: ${messageOf(error)}\n`)
  if (debug && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`)
}
