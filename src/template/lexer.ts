import { TemplateSyntaxError } from './errors.ts'

export type TokenKind = 'data' | 'name' | 'string' | 'integer' | 'float' | 'operator' | 'begin' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** Text of data; name; decoded text of a string; digits; the operator; `variable` or `block` of begin and end. */
  readonly value: string
  readonly line: number
}

export interface Tokens {
  readonly tokens: readonly Token[]
  /** Why there are no more. */
  readonly failure: TemplateSyntaxError | undefined
}

const closings = { variable: '}}', block: '%}' } as const

/**
 * Takes a jinja template apart. Line ends become `\n`; one at the very end is dropped; one behind a block tag or a comment
 * is dropped (trim_blocks), unless the tag ends in `+%}`.
 * What can't be read ends the tokens; it is told when the parser gets there, for a mistake before it comes first.
 */
export const tokenize = (template: string, firstLine: number): Tokens => {
  const source = template.replace(/\r\n?/g, '\n').replace(/\n$/, '')
  return new Lexer(source, firstLine).run()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0
  #line: number

  constructor(source: string, firstLine: number) {
    this.#source = source
    this.#line = firstLine
  }

  run(): Tokens {
    try {
      while (this.#at < this.#source.length) this.#readData()
      return { tokens: this.#tokens, failure: undefined }
    } catch (error) {
      if (error instanceof TemplateSyntaxError) return { tokens: this.#tokens, failure: error }
      throw error
    }
  }

  #fail(message: string): never {
    throw new TemplateSyntaxError(message, this.#line)
  }

  #push(kind: TokenKind, value: string): void {
    this.#tokens.push({ kind, value, line: this.#line })
  }

  #skip(length: number): void {
    for (let at = this.#at; at < this.#at + length; at += 1) if (this.#source[at] === '\n') this.#line += 1
    this.#at += length
  }

  #readData(): void {
    const opening = /\{[{%#]/g
    opening.lastIndex = this.#at
    const found = opening.exec(this.#source)
    const end = found?.index ?? this.#source.length
    const strips = found !== null && this.#source[end + 2] === '-'
    const data = this.#source.slice(this.#at, end)
    const shown = strips ? data.trimEnd() : data
    if (shown !== '') this.#push('data', shown)
    this.#skip(data.length)
    if (found === null) return
    const mark = this.#source[end + 2]
    const length = mark === '-' || mark === '+' ? 3 : 2
    if (found[0] === '{#') this.#readComment()
    else if (found[0] === '{%' && this.#readRaw()) return
    else this.#readTag(found[0] === '{{' ? 'variable' : 'block', length)
  }

  #readComment(): void {
    const end = this.#source.indexOf('#}', this.#at + 2)
    if (end < 0) {
      this.#fail('Missing end of comment tag')
    }
    const mark = this.#source[end - 1]
    this.#skip(end + 2 - this.#at)
    this.#trimAfter(mark, true)
  }

  #trimAfter(mark: string | undefined, isBlock: boolean): void {
    if (mark === '-') this.#skip(/^\s*/.exec(this.#source.slice(this.#at))?.[0].length ?? 0)
    else if (isBlock && mark !== '+' && this.#source[this.#at] === '\n') this.#skip(1)
  }

  /** `{% raw %}` up to `{% endraw %}`; without an end up to the end of the template. */
  #readRaw(): boolean {
    const opening = /^\{%[-+]?\s*raw\s*([-+]?)%\}/.exec(this.#source.slice(this.#at, this.#at + 200))
    if (opening === null) return false
    this.#skip(opening[0].length)
    this.#trimAfter(opening[1], true)
    const ending = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g
    ending.lastIndex = this.#at
    const found = ending.exec(this.#source)
    const raw = this.#source.slice(this.#at, found?.index ?? this.#source.length)
    const shown = found?.[1] === '-' ? raw.trimEnd() : raw
    if (shown !== '') this.#push('data', shown)
    this.#skip(raw.length)
    if (found === null) return true
    this.#skip(found[0].length)
    this.#trimAfter(found[2], true)
    return true
  }

  #readTag(kind: 'variable' | 'block', opening: number): void {
    this.#push('begin', kind)
    this.#skip(opening)
    const open: string[] = []
    for (;;) {
      this.#skip(/^\s*/.exec(this.#source.slice(this.#at, this.#at + 4096))?.[0].length ?? 0)
      if (this.#at >= this.#source.length) {
        this.#fail(`unexpected end of template, expected '${closings[kind]}'`)
      }
      if (/\s/.test(this.#source[this.#at] ?? '')) continue
      const mark = /^[-+]/.exec(this.#source[this.#at] ?? '')?.[0] ?? ''
      if (open.length === 0 && this.#source.startsWith(mark + closings[kind], this.#at)) {
        this.#push('end', kind)
        this.#skip(mark.length + 2)
        this.#trimAfter(mark, kind === 'block')
        return
      }
      this.#readWord(open)
    }
  }

  #readWord(open: string[]): void {
    const rest = this.#source.slice(this.#at, this.#at + 65536)
    for (const [kind, pattern] of words) {
      const text = pattern.exec(rest)?.[0]
      if (text === undefined) continue
      if (kind === 'operator') this.#balance(text, open)
      this.#push(
        kind,
        kind === 'string'
          ? decodeString(text)
          : kind === 'name' || kind === 'operator'
            ? text
            : text.replaceAll('_', ''),
      )
      this.#skip(text.length)
      return
    }
    this.#fail(`unexpected char ${JSON.stringify(rest.charAt(0)).replace(/^"'"$/, `"'"`)} at ${this.#at}`)
  }

  #balance(operator: string, open: string[]): void {
    const closing = { '(': ')', '[': ']', '{': '}' }[operator]
    if (closing !== undefined) open.push(closing)
    else if (/^[)\]}]$/.test(operator)) {
      const expected = open.pop()
      if (expected === undefined) this.#fail(`unexpected '${operator}'`)
      if (expected !== operator) this.#fail(`unexpected '${operator}', expected '${expected}'`)
    }
  }
}

const words: readonly (readonly [TokenKind, RegExp])[] = [
  ['float', /^(?:\d+_)*\d+(?:\.(?:\d+_)*\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)(?![\w])/],
  ['integer', /^(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*)(?![\w])/],
  ['name', /^[\p{L}_][\p{L}\p{N}\p{Mn}_]*/u],
  ['string', /^(?:'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*")/],
  ['operator', /^(?:\*\*|\/\/|==|!=|>=|<=|[-+*/%~[\](){}><=.:|,;])/],
]

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  '0': '\0',
  a: '\u0007',
  b: '\b',
  f: '\f',
  v: '\v',
}

const decodeString = (literal: string): string =>
  literal.slice(1, -1).replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\s\S])/g, (whole, code: string) => {
    if (code.length > 1) {
      const point = Number.parseInt(code.slice(1), 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    }
    return simpleEscapes[code] ?? whole
  })
