import type { Json } from './json.ts'

/** A word as a POSIX shell reads it back unchanged. */
export const quoteWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

export interface ShellScript {
  readonly content: string
  /** What could not become a command: lines that name the item. */
  readonly problems: readonly string[]
}

type Scalar = string | number | boolean

const isScalar = (value: Json): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value)

/** A list of words as one line; undefined when one of them is no word. */
const lineOfWords = (words: readonly Json[]): string | undefined => {
  const scalars = words.filter(isScalar)
  return scalars.length === words.length ? scalars.map((word) => quoteWord(String(word))).join(' ') : undefined
}

/**
 * A `/bin/sh` script of a list of commands as `runcmd` and `bootcmd` hold it: a text is a line of shell, a list is one
 * command with its words quoted, nothing (a commented-out item) is left out. Anything else is reported, and the rest goes on.
 * @param key what the list is called in messages: `runcmd`
 */
export const shellScript = (commands: readonly Json[], key: string): ShellScript => {
  const lines = ['#!/bin/sh']
  const problems: string[] = []
  for (const [index, command] of commands.entries()) {
    if (command === null) continue
    const line = Array.isArray(command) ? lineOfWords(command) : isScalar(command) ? String(command) : undefined
    if (line === undefined) {
      problems.push(`${key}[${index}]: expected a shell line or a list of words; it is left out, the others run`)
      continue
    }
    lines.push(line)
  }
  return { content: `${lines.join('\n')}\n`, problems }
}
