/** A text made readable for a parser that wants flow collections indented, and by how much each line was moved. */
export interface Reindented {
  readonly text: string
  /** Spaces put in front of a line, by line number from 1. */
  readonly shifts: ReadonlyMap<number, number>
}

/**
 * PyYAML lets the lines of a `[...]`, `{...}` or quoted text start anywhere, so that
 *
 *     packages: [
 *       git,
 *     ]
 *
 * is good; js-yaml, true to the specification, wants them deeper than the key. This moves such lines to the right, where
 * they mean the same. Only called when js-yaml refused a text for that reason.
 */
export const indentFlowLines = (text: string): Reindented => {
  const lines = text.split('\n')
  const shifts = new Map<number, number>()
  const cursor = { line: 0, column: 0 }
  while (cursor.line < lines.length) {
    readBlockLine(lines, shifts, cursor)
    cursor.line += 1
    cursor.column = 0
  }
  return { text: lines.join('\n'), shifts }
}

/** Where a bracket or quote opens that is closed nowhere; undefined when there is none. Counts from 0. */
export const findUnclosed = (text: string): { readonly line: number; readonly column: number } | undefined => {
  const lines = text.split('\n')
  const cursor: Cursor = { line: 0, column: 0 }
  while (cursor.line < lines.length) {
    readBlockLine(lines, new Map(), cursor)
    if (cursor.unclosed) return cursor.unclosed
    cursor.line += 1
    cursor.column = 0
  }
  return undefined
}

interface Cursor {
  /** Set when the text ended before a bracket or quote did. */
  unclosed?: { readonly line: number; readonly column: number }
  line: number
  column: number
}

const indicator = /^(?:[-?:] +|--- +|[&!][^ ]* +)/

/** Follows one line of block context to its value; leaves the cursor on the last line of what it starts. */
const readBlockLine = (lines: string[], shifts: Map<number, number>, cursor: Cursor): void => {
  let parent = 0
  for (;;) {
    const line = lines[cursor.line] ?? ''
    cursor.column += /^ */.exec(line.slice(cursor.column))?.[0].length ?? 0
    const rest = line.slice(cursor.column)
    const prefix = indicator.exec(rest)
    if (prefix !== null) {
      if (/^[-?:] /.test(rest)) parent = cursor.column
      cursor.column += prefix[0].length
      continue
    }
    const first = rest.charAt(0)
    if (first === '|' || first === '>') {
      skipBlockText(lines, parent, cursor)
      return
    }
    const start = { ...cursor }
    if (first === '[' || first === '{' || first === '"' || first === "'") {
      skipFlow(lines, shifts, parent, cursor)
    } else {
      const end = /(?: #|:(?= |$))/.exec(rest)
      if (end === null || end[0] === ' #') return
      cursor.column += end.index
    }
    const colon = /^ *:(?= |$)/.exec((lines[cursor.line] ?? '').slice(cursor.column))
    if (colon === null) return
    if (start.line === cursor.line) parent = start.column
    cursor.column += colon[0].length
  }
}

const indentOf = (line: string): number => /^ */.exec(line)?.[0].length ?? 0

const skipBlockText = (lines: readonly string[], parent: number, cursor: Cursor): void => {
  for (;;) {
    const next = lines[cursor.line + 1]
    if (next === undefined || (next.trim() !== '' && indentOf(next) <= parent)) return
    cursor.line += 1
  }
}

/** From an opening bracket or quote to behind its end; lines after the first are moved right of `parent`. */
const skipFlow = (lines: string[], shifts: Map<number, number>, parent: number, cursor: Cursor): void => {
  const start = { line: cursor.line, column: cursor.column }
  let depth = 0
  let quote = ''
  while (cursor.line < lines.length) {
    const line = lines[cursor.line] ?? ''
    while (cursor.column < line.length) {
      const character = line.charAt(cursor.column)
      const before = line.charAt(cursor.column - 1)
      cursor.column += 1
      if (quote !== '') {
        if (character === '\\' && quote === '"') cursor.column += 1
        else if (character === quote) quote = ''
      } else if (character === '[' || character === '{') depth += 1
      else if (character === ']' || character === '}') depth -= 1
      else if (character === '#' && /^[ \t]?$/.test(before)) break
      else if ((character === '"' || character === "'") && /^[ ,:[{]?$/.test(before)) quote = character
      if (depth <= 0 && quote === '') return
    }
    cursor.line += 1
    const next = lines[cursor.line]
    const shift = next === undefined || next.trim() === '' || indentOf(next) > parent ? 0 : parent + 1
    if (next !== undefined && shift > 0) {
      lines[cursor.line] = ' '.repeat(shift) + next
      shifts.set(cursor.line + 1, shift)
    }
    cursor.column = 0
  }
  cursor.unclosed = start
}
