import type { Change } from '../machine/journal.ts'
import type { Colour } from './console.ts'

type FileChange = Extract<Change, { kind: 'file' }>

export interface DiffLine {
  readonly text: string
  readonly colour?: Colour
}

/** Longer files are told by their size: nobody reads a diff of them. Bytes. */
const longestShown = 64 * 1024

/** The lines of a unified diff of one file; a note instead where the content is secret, binary or long. */
export const fileDiff = async (change: FileChange, showSecrets: boolean): Promise<DiffLine[]> => {
  const [before, after] = [change.before ?? new Uint8Array(), change.after ?? new Uint8Array()]
  if (change.secret && !showSecrets)
    return [{ text: 'content not shown: not everybody may read this file', colour: 'dim' }]
  if (before.length > longestShown || after.length > longestShown)
    return [{ text: 'content not shown: long', colour: 'dim' }]
  if (before.includes(0) || after.includes(0)) return [{ text: 'content not shown: binary', colour: 'dim' }]
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
  return textDiff(text(before), text(after))
}

/** The lines of a unified diff of two texts, without its heads. */
export const textDiff = async (before: string, after: string): Promise<DiffLine[]> => {
  const { structuredPatch } = await import('diff')
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: 2 })
  return hunks.flatMap(({ lines }) => lines.filter((line) => !line.startsWith('\\')).map(coloured))
}

const coloured = (text: string): DiffLine => {
  if (text.startsWith('+')) return { text, colour: 'green' }
  if (text.startsWith('-')) return { text, colour: 'red' }
  return { text, colour: 'dim' }
}
