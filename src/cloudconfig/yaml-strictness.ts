import { EVENT_ID, type Event, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'

type Fail = (offset: number, detail: string) => never

/**
 * Refuses what js-yaml reads and PyYAML does not, so that a file that works here works with cloud-init, too: control
 * characters, text that was not UTF-8, and tabs as spacing.
 */
export const checkAsPyYaml = (text: string, events: readonly Event[], fail: Fail): void => {
  const control = text.search(forbiddenCharacters)
  if (control >= 0) fail(control, `the character ${codePoint(text, control)} is not allowed in YAML`)
  if (!text.isWellFormed()) fail(text.search(/\p{Surrogate}/u), 'the text is not UTF-8')
  if (text.includes('\t')) checkTabs(text, events.filter(isScalar), fail)
}

const forbiddenCharacters = /[^\P{Cc}\t\n\r\u0085]|[\ufffe\uffff]/u

const codePoint = (text: string, offset: number): string =>
  `U+${text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')}`

const isScalar = (event: Event): event is ScalarEvent => event.type === EVENT_ID.SCALAR

/** A tab may stand in a comment, between quotes and in a block text; nowhere else. */
const checkTabs = (text: string, scalars: readonly ScalarEvent[], fail: Fail): void => {
  const quotedOrBlock = scalars.filter((event) => event.style !== SCALAR_STYLE.PLAIN)
  let next = 0
  for (let tab = text.indexOf('\t'); tab >= 0; tab = text.indexOf('\t', tab + 1)) {
    let scalar = quotedOrBlock[next]
    while (scalar !== undefined && scalar.valueEnd <= tab) {
      next += 1
      scalar = quotedOrBlock[next]
    }
    if (scalar !== undefined && scalar.valueStart <= tab) {
      tab = scalar.valueEnd - 1
      continue
    }
    const comment = commentStart(text, tab, quotedOrBlock, next)
    if (comment === undefined) fail(tab, 'a tab cannot separate or indent: use spaces')
    const lineEnd = text.indexOf('\n', tab)
    if (lineEnd < 0) return
    tab = lineEnd
  }
}

/** Where a comment starts on the line of `offset`, before it; undefined when there is none. */
const commentStart = (
  text: string,
  offset: number,
  quotedOrBlock: readonly ScalarEvent[],
  next: number,
): number | undefined => {
  const before = quotedOrBlock[next - 1]
  const lineStart = Math.max(text.lastIndexOf('\n', offset - 1) + 1, before?.valueEnd ?? 0)
  const comment = /(?:^|[ \t])#/.exec(text.slice(lineStart, offset))
  return comment === null ? undefined : lineStart + comment.index
}
