import { FirstlightError } from '../machine/errors.ts'

/** A text is not YAML. Line and column count from 1. The message never quotes the text: it may hold secrets. */
export class YamlError extends FirstlightError {
  readonly code = 'FL_YAML'
  constructor(
    readonly source: string,
    readonly line: number,
    readonly column: number,
    readonly detail: string,
  ) {
    super(`${source}, line ${line}, column ${column}: ${detail}`)
  }
}

/** What js-yaml says of something that is not closed. */
export const unclosedReasons: ReadonlySet<string> = new Set([
  'deficient indentation',
  'missed comma between flow collection entries',
  'unexpected end of the stream within a flow collection',
  'unexpected end of the stream within a single quoted scalar',
  'unexpected end of the stream within a double quoted scalar',
])
export const notClosed = 'this bracket or quote is not closed'

/** What js-yaml says, in words for who wrote the file, with what to do. */
export const plainReasons: Readonly<Record<string, string>> = {
  'bad indentation of a mapping entry':
    'this does not fit the mapping: check the indentation, and put text with a colon or a special first character in quotes',
  'bad indentation of a sequence entry': 'this does not fit the list: check the indentation and the dashes',
  'deficient indentation': 'a bracket or quote above is not closed, or this line needs more indentation',
  'end of the stream or a document separator is expected':
    'this does not belong to what stands above: check the indentation',
  'unexpected end of the stream within a flow collection': 'a [ or { is not closed',
  'unexpected end of the stream within a single quoted scalar':
    "a text in single quotes is not closed (' in it is written '')",
  'unexpected end of the stream within a double quoted scalar': 'a text in double quotes is not closed',
  'missed comma between flow collection entries': 'a comma is missing between entries in brackets',
  'tab characters must not be used in indentation': 'a tab cannot indent: use spaces',
  'can not read a block mapping entry; a multiline key may not be an implicit key':
    'a colon is missing after a key, or the text of several lines needs quotes',
}
