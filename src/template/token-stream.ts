import { TemplateSyntaxError } from './errors.ts'
import type { Token, Tokens } from './lexer.ts'

/** Deepest nesting of brackets and blocks. */
const maxDepth = 200

/** Tokens with a place in them. */
export class TokenStream {
  readonly #tokens: readonly Token[]
  readonly #failure: TemplateSyntaxError | undefined
  #at = 0
  #depth = 0

  constructor({ tokens, failure }: Tokens) {
    this.#tokens = tokens
    this.#failure = failure
  }

  /** undefined at the end of the template. @throws TemplateSyntaxError where it can't be read any further */
  get current(): Token | undefined {
    const token = this.#tokens[this.#at]
    if (token === undefined && this.#failure) throw this.#failure
    return token
  }

  get following(): Token | undefined {
    return this.#tokens[this.#at + 1]
  }

  next(): Token {
    const token = this.current
    if (token === undefined) throw new TemplateSyntaxError('unexpected end of template', this.lastLine)
    this.#at += 1
    return token
  }

  get lastLine(): number {
    return this.#tokens.at(-1)?.line ?? 1
  }

  isOperator(...operators: readonly string[]): boolean {
    return this.current?.kind === 'operator' && operators.includes(this.current.value)
  }

  isName(...names: readonly string[]): boolean {
    return this.current?.kind === 'name' && names.includes(this.current.value)
  }

  skipOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false
    this.#at += 1
    return true
  }

  skipName(name: string): boolean {
    if (!this.isName(name)) return false
    this.#at += 1
    return true
  }

  expectOperator(operator: string): void {
    if (!this.skipOperator(operator)) this.fail(`expected token '${operator}', got '${this.describe()}'`)
  }

  expectName(): string {
    if (this.current?.kind !== 'name') this.fail(`expected token 'name', got '${this.describe()}'`)
    return this.next().value
  }

  /** The end of the tag. */
  expectEnd(kind: 'variable' | 'block'): void {
    if (this.current?.kind === 'end') {
      this.#at += 1
      return
    }
    this.fail(`expected token '${endNames[kind]}', got '${this.describe()}'`)
  }

  describe(): string {
    const token = this.current
    if (token === undefined) return 'end of template'
    if (token.kind === 'end') return endNames[token.value === 'variable' ? 'variable' : 'block']
    return token.kind === 'begin' ? 'begin of tag' : token.value
  }

  fail(message: string): never {
    throw new TemplateSyntaxError(message, this.current?.line ?? this.lastLine)
  }

  /** Guards the parser's own stack. */
  nested<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > maxDepth) this.fail(`nested deeper than ${maxDepth} levels`)
    try {
      return read()
    } finally {
      this.#depth -= 1
    }
  }
}

const endNames = { variable: 'end of print statement', block: 'end of statement block' } as const
