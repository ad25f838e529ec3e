import type { Expression, Parameter, Statement, Target } from './ast.ts'
import { TemplateSyntaxError } from './errors.ts'
import { tokenize } from './lexer.ts'
import { ExpressionParser, type KnownNames } from './parse-expression.ts'
import { TokenStream } from './token-stream.ts'

/** @throws TemplateSyntaxError */
export const parseTemplate = (template: string, firstLine: number, known: KnownNames): Statement[] =>
  new TemplateParser(new TokenStream(tokenize(template, firstLine)), known).template()

class TemplateParser {
  readonly #stream: TokenStream
  readonly #expressions: ExpressionParser
  /** What would close the blocks that are open, and their names. */
  readonly #open: { readonly name: string; readonly ends: readonly string[] }[] = []

  constructor(stream: TokenStream, known: KnownNames) {
    this.#stream = stream
    this.#expressions = new ExpressionParser(stream, known)
  }

  template(): Statement[] {
    const statements: Statement[] = []
    while (this.#stream.current !== undefined) statements.push(...this.#statement())
    return statements
  }

  #statement(): Statement[] {
    const token = this.#stream.next()
    if (token.kind === 'data') return [{ type: 'data', text: token.value }]
    if (token.value === 'variable') {
      const expression = this.#expressions.tuple()
      this.#stream.expectEnd('variable')
      return [{ type: 'output', expression }]
    }
    const tag = this.#stream.current
    if (tag?.kind !== 'name') this.#stream.fail('tag name expected')
    const read = this.#tags[tag.value]
    if (!Object.hasOwn(this.#tags, tag.value) || read === undefined) {
      throw new TemplateSyntaxError(`Encountered unknown tag '${tag.value}'.${this.#expectation()}`, tag.line)
    }
    this.#stream.next()
    return this.#stream.nested(read)
  }

  #expectation(): string {
    const innermost = this.#open.at(-1)
    if (innermost === undefined) return ''
    const ends = innermost.ends.map((end) => `'${end}'`).join(' or ')
    return ` Jinja was looking for the following tags: ${ends}. The innermost block that needs to be closed is '${innermost.name}'.`
  }

  /** Statements up to a tag that ends them; the stream is then behind its name. */
  #body(name: string, ends: readonly string[]): { readonly body: Statement[]; readonly end: string } {
    this.#stream.expectEnd('block')
    this.#open.push({ name, ends })
    const body: Statement[] = []
    for (;;) {
      const { current, following } = this.#stream
      if (current === undefined) {
        throw new TemplateSyntaxError(`Unexpected end of template.${this.#expectation()}`, this.#stream.lastLine)
      }
      if (current.kind === 'begin' && current.value === 'block' && following && ends.includes(following.value)) {
        this.#stream.next()
        const end = this.#stream.next().value
        this.#open.pop()
        return { body, end }
      }
      body.push(...this.#statement())
    }
  }

  /** A body that is ended by one tag, up to the end of that. */
  #wholeBody(name: string, end: string): Statement[] {
    const { body } = this.#body(name, [end])
    this.#stream.expectEnd('block')
    return body
  }

  readonly #tags: Readonly<Record<string, () => Statement[]>> = {
    if: () => [this.#if()],
    for: () => [this.#for()],
    set: () => [this.#set()],
    with: () => [this.#with()],
    macro: () => [this.#macro()],
    call: () => [this.#call()],
    filter: () => {
      const filter = this.#expressions.filterChain(undefined)
      return [{ type: 'filter-block', filter, body: this.#wholeBody('filter', 'endfilter') }]
    },
    block: () => [this.#block()],
    do: () => {
      const expression = this.#expressions.tuple()
      this.#stream.expectEnd('block')
      return [{ type: 'do', expression }]
    },
    print: () => {
      const expression = this.#expressions.tuple()
      this.#stream.expectEnd('block')
      return [{ type: 'output', expression }]
    },
    autoescape: () => {
      this.#expressions.expression()
      return [{ type: 'scope', body: this.#wholeBody('autoescape', 'endautoescape') }]
    },
    include: () => [this.#load()],
    import: () => [this.#load()],
    from: () => [this.#load()],
    extends: () => [this.#load()],
  }

  #load(): Statement {
    while (this.#stream.current !== undefined && this.#stream.current.kind !== 'end') this.#stream.next()
    this.#stream.expectEnd('block')
    return { type: 'load' }
  }

  #if(): Statement {
    const test = this.#expressions.tuple({ withConditional: false })
    const { body, end } = this.#body('if', ['elif', 'else', 'endif'])
    if (end === 'elif')
      return { type: 'if', test, consequent: body, otherwise: [this.#stream.nested(() => this.#if())] }
    const otherwise = end === 'else' ? this.#wholeElse('if', 'endif') : []
    if (end === 'endif') this.#stream.expectEnd('block')
    return { type: 'if', test, consequent: body, otherwise }
  }

  #wholeElse(name: string, end: string): Statement[] {
    return this.#wholeBody(name, end)
  }

  #for(): Statement {
    const target = this.#target(['in'])
    if (!this.#stream.skipName('in')) this.#stream.fail(`expected token 'in', got '${this.#stream.describe()}'`)
    const iterable = this.#expressions.tuple({ withConditional: false, ends: ['recursive', 'if'] })
    const test = this.#stream.skipName('if') ? this.#expressions.expression() : undefined
    const isRecursive = this.#stream.skipName('recursive')
    const { body, end } = this.#body('for', ['endfor', 'else'])
    const otherwise = end === 'else' ? this.#wholeElse('for', 'endfor') : []
    if (end === 'endfor') this.#stream.expectEnd('block')
    return { type: 'for', target, iterable, test, isRecursive, body, otherwise }
  }

  /** A name, `namespace.attribute`, or several with commas. */
  #target(ends: readonly string[]): Target {
    const items: Target[] = []
    let isTuple = false
    do {
      if (items.length > 0) isTuple = true
      if (this.#stream.isName(...ends) || this.#stream.isOperator('=', ')')) break
      items.push(this.#singleTarget())
    } while (this.#stream.skipOperator(','))
    const [only] = items
    return only !== undefined && !isTuple ? only : { type: 'tuple', items }
  }

  #singleTarget(): Target {
    if (this.#stream.skipOperator('(')) {
      const inner = this.#stream.nested(() => this.#target([]))
      this.#stream.expectOperator(')')
      return inner
    }
    const name = this.#stream.expectName()
    if (!this.#stream.skipOperator('.')) return { type: 'name', name }
    return { type: 'namespace', name, attribute: this.#stream.expectName() }
  }

  #set(): Statement {
    const target = this.#target([])
    if (this.#stream.skipOperator('=')) {
      const value = this.#expressions.tuple()
      this.#stream.expectEnd('block')
      return { type: 'set', target, value }
    }
    const filter = this.#stream.skipOperator('|') ? this.#expressions.filterChain(undefined) : undefined
    return { type: 'set-block', target, filter, body: this.#wholeBody('set', 'endset') }
  }

  #with(): Statement {
    const values: [Target, Expression][] = []
    while (this.#stream.current?.kind !== 'end') {
      if (values.length > 0) this.#stream.expectOperator(',')
      const target = this.#singleTarget()
      this.#stream.expectOperator('=')
      values.push([target, this.#expressions.expression()])
    }
    return { type: 'with', values, body: this.#wholeBody('with', 'endwith') }
  }

  #parameters(): Parameter[] {
    const parameters: Parameter[] = []
    this.#stream.expectOperator('(')
    while (!this.#stream.isOperator(')')) {
      if (parameters.length > 0) this.#stream.expectOperator(',')
      const name = this.#stream.expectName()
      parameters.push({ name, default: this.#stream.skipOperator('=') ? this.#expressions.expression() : undefined })
    }
    this.#stream.expectOperator(')')
    return parameters
  }

  #macro(): Statement {
    const name = this.#stream.expectName()
    const parameters = this.#parameters()
    return { type: 'macro', name, parameters, body: this.#wholeBody('macro', 'endmacro') }
  }

  #call(): Statement {
    const parameters = this.#stream.isOperator('(') ? this.#parameters() : []
    const call = this.#expressions.expression()
    if (call.type !== 'call') this.#stream.fail('expected call')
    return { type: 'call-block', parameters, call, body: this.#wholeBody('call', 'endcall') }
  }

  #block(): Statement {
    const name = this.#stream.expectName()
    this.#stream.skipName('scoped')
    this.#stream.skipName('required')
    const { body } = this.#body('block', ['endblock'])
    if (this.#stream.isName(name)) this.#stream.next()
    this.#stream.expectEnd('block')
    return { type: 'block', name, body }
  }
}
