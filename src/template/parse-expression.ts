import type { Arguments, Expression } from './ast.ts'
import type { TokenStream } from './token-stream.ts'

/** Names of filters and tests, so that an unknown one is a mistake in the template. */
export interface KnownNames {
  readonly filters: ReadonlySet<string>
  readonly tests: ReadonlySet<string>
}

/** Reads the expressions of a tag, with jinja's precedence. */
export class ExpressionParser {
  readonly #stream: TokenStream
  readonly #known: KnownNames

  constructor(stream: TokenStream, known: KnownNames) {
    this.#stream = stream
    this.#known = known
  }

  expression(withConditional = true): Expression {
    return this.#stream.nested(() => (withConditional ? this.#conditional() : this.#or()))
  }

  /** One expression, or several with commas between. */
  tuple(options: { readonly withConditional?: boolean; readonly ends?: readonly string[] } = {}): Expression {
    const { withConditional = true, ends = [] } = options
    const items: Expression[] = []
    let isTuple = false
    for (;;) {
      if (items.length > 0) {
        if (!this.#stream.skipOperator(',')) break
        isTuple = true
      }
      if (this.#isTupleEnd(ends)) break
      items.push(this.expression(withConditional))
    }
    const [only] = items
    if (!isTuple && only !== undefined) return only
    if (items.length === 0) this.#stream.fail(`Expected an expression, got '${this.#stream.describe()}'`)
    return { type: 'list', items, isTuple: true }
  }

  #isTupleEnd(ends: readonly string[]): boolean {
    const { current } = this.#stream
    return (
      current === undefined || current.kind === 'end' || this.#stream.isOperator(')') || this.#stream.isName(...ends)
    )
  }

  #conditional(): Expression {
    let expression = this.#or()
    while (this.#stream.skipName('if')) {
      const test = this.#or()
      const otherwise = this.#stream.skipName('else') ? this.expression() : undefined
      expression = { type: 'conditional', test, consequent: expression, otherwise }
    }
    return expression
  }

  #or(): Expression {
    let left = this.#and()
    while (this.#stream.skipName('or')) left = { type: 'or', left, right: this.#and() }
    return left
  }

  #and(): Expression {
    let left = this.#not()
    while (this.#stream.skipName('and')) left = { type: 'and', left, right: this.#not() }
    return left
  }

  #not(): Expression {
    if (!this.#stream.skipName('not')) return this.#compare()
    return this.#stream.nested(() => ({ type: 'unary', operator: 'not', operand: this.#not() }))
  }

  #compare(): Expression {
    const first = this.#sum()
    const rest: [string, Expression][] = []
    for (;;) {
      const { current, following } = this.#stream
      if (this.#stream.isOperator('==', '!=', '<', '<=', '>', '>=')) rest.push([this.#stream.next().value, this.#sum()])
      else if (this.#stream.skipName('in')) rest.push(['in', this.#sum()])
      else if (current?.kind === 'name' && current.value === 'not' && following?.value === 'in') {
        this.#stream.next()
        this.#stream.next()
        rest.push(['not in', this.#sum()])
      } else break
    }
    return rest.length === 0 ? first : { type: 'compare', first, rest }
  }

  #sum(): Expression {
    let left = this.#concat()
    while (this.#stream.isOperator('+', '-')) {
      const operator = this.#stream.next().value
      left = { type: 'binary', operator, left, right: this.#concat() }
    }
    return left
  }

  #concat(): Expression {
    const items = [this.#product()]
    while (this.#stream.skipOperator('~')) items.push(this.#product())
    return items.length === 1 && items[0] ? items[0] : { type: 'concat', items }
  }

  #product(): Expression {
    let left = this.#power()
    while (this.#stream.isOperator('*', '/', '//', '%')) {
      const operator = this.#stream.next().value
      left = { type: 'binary', operator, left, right: this.#power() }
    }
    return left
  }

  #power(): Expression {
    let left = this.#unary(true)
    while (this.#stream.skipOperator('**')) left = { type: 'binary', operator: '**', left, right: this.#unary(true) }
    return left
  }

  #unary(withFilter: boolean): Expression {
    return this.#stream.nested(() => {
      const operator = this.#stream.isOperator('-', '+') ? this.#stream.next().value : undefined
      const start: Expression =
        operator === undefined
          ? this.#primary()
          : { type: 'unary', operator: operator === '-' ? '-' : '+', operand: this.#unary(false) }
      const expression = this.#postfix(start)
      return withFilter ? this.#filters(expression) : expression
    })
  }

  #primary(): Expression {
    const token = this.#stream.current
    if (token === undefined || token.kind === 'end') this.#stream.fail(`unexpected '${this.#stream.describe()}'`)
    switch (token.kind) {
      case 'name':
        this.#stream.next()
        return nameOrConstant(token.value)
      case 'string': {
        let value = ''
        while (this.#stream.current?.kind === 'string') value += this.#stream.next().value
        return { type: 'constant', value }
      }
      case 'integer':
        this.#stream.next()
        return { type: 'constant', value: BigInt(token.value) }
      case 'float':
        this.#stream.next()
        return { type: 'constant', value: Number(token.value) }
      default:
        return this.#bracketed()
    }
  }

  #bracketed(): Expression {
    if (this.#stream.skipOperator('(')) {
      if (this.#stream.skipOperator(')')) return { type: 'list', items: [], isTuple: true }
      const inner = this.tuple()
      this.#stream.expectOperator(')')
      return inner
    }
    if (this.#stream.skipOperator('[')) {
      return { type: 'list', items: this.#until(']', () => this.expression()), isTuple: false }
    }
    if (this.#stream.skipOperator('{')) {
      const pairs = this.#until('}', () => {
        const key = this.expression()
        this.#stream.expectOperator(':')
        return [key, this.expression()] as const
      })
      return { type: 'dict', pairs }
    }
    return this.#stream.fail(`unexpected '${this.#stream.describe()}'`)
  }

  #until<T>(closing: string, read: () => T): T[] {
    const items: T[] = []
    while (!this.#stream.isOperator(closing)) {
      if (items.length > 0) this.#stream.expectOperator(',')
      if (this.#stream.isOperator(closing)) break
      items.push(read())
    }
    this.#stream.expectOperator(closing)
    return items
  }

  #postfix(start: Expression): Expression {
    let expression = start
    for (;;) {
      if (this.#stream.skipOperator('.')) expression = this.#attribute(expression)
      else if (this.#stream.skipOperator('[')) expression = this.#subscript(expression)
      else if (this.#stream.isOperator('(')) {
        expression = { type: 'call', callee: expression, args: this.callArguments() }
      } else return expression
    }
  }

  #attribute(object: Expression): Expression {
    const token = this.#stream.next()
    if (token.kind === 'name') return { type: 'attribute', object, name: token.value }
    if (token.kind === 'integer')
      return { type: 'item', object, index: { type: 'constant', value: BigInt(token.value) } }
    return this.#stream.fail('expected name or number')
  }

  #subscript(object: Expression): Expression {
    const part = (): Expression | undefined => (this.#stream.isOperator(':', ']') ? undefined : this.expression())
    const start = part()
    if (!this.#stream.skipOperator(':')) {
      if (start === undefined) this.#stream.fail('expected subscript expression')
      this.#stream.expectOperator(']')
      return { type: 'item', object, index: start }
    }
    const stop = part()
    const step = this.#stream.skipOperator(':') ? part() : undefined
    this.#stream.expectOperator(']')
    return { type: 'slice', object, ...(start && { start }), ...(stop && { stop }), ...(step && { step }) }
  }

  callArguments(): Arguments {
    this.#stream.expectOperator('(')
    const positional: Expression[] = []
    const named: [string, Expression][] = []
    let spread: Expression | undefined
    let spreadNamed: Expression | undefined
    this.#until(')', () => {
      const { current, following } = this.#stream
      if (this.#stream.skipOperator('*')) spread = this.expression()
      else if (this.#stream.skipOperator('**')) spreadNamed = this.expression()
      else if (current?.kind === 'name' && following?.kind === 'operator' && following.value === '=') {
        const name = this.#stream.next().value
        this.#stream.next()
        named.push([name, this.expression()])
      } else {
        if (named.length > 0) this.#stream.fail('invalid syntax for function call expression')
        positional.push(this.expression())
      }
    })
    return { positional, named, ...(spread && { spread }), ...(spreadNamed && { spreadNamed }) }
  }

  #filters(start: Expression): Expression {
    let expression = start
    for (;;) {
      if (this.#stream.isOperator('|')) expression = this.filterChain(expression)
      else if (this.#stream.skipName('is')) expression = this.#test(expression)
      else if (this.#stream.isOperator('(')) {
        expression = { type: 'call', callee: expression, args: this.callArguments() }
      } else return expression
    }
  }

  /** `|upper|join(', ')`; at the start of a filter block without the first bar. */
  filterChain(start: Expression | undefined): Expression {
    let expression = start
    while (this.#stream.skipOperator('|') || expression === undefined) {
      const name = this.#dottedName()
      if (!this.#known.filters.has(name)) this.#stream.fail(`No filter named '${name}'.`)
      const args = this.#stream.isOperator('(') ? this.callArguments() : noArguments
      expression = { type: 'filter', input: expression, name, args }
    }
    return expression
  }

  #dottedName(): string {
    let name = this.#stream.expectName()
    while (this.#stream.skipOperator('.')) name += `.${this.#stream.expectName()}`
    return name
  }

  #test(input: Expression): Expression {
    const isNegated = this.#stream.skipName('not')
    const name = this.#dottedName()
    if (!this.#known.tests.has(name)) this.#stream.fail(`No test named '${name}'.`)
    const test: Expression = { type: 'test', input, name, args: this.#testArguments() }
    return isNegated ? { type: 'unary', operator: 'not', operand: test } : test
  }

  #testArguments(): Arguments {
    if (this.#stream.isOperator('(')) return this.callArguments()
    const { current } = this.#stream
    const isValue = current !== undefined && ['name', 'string', 'integer', 'float'].includes(current.kind)
    const isBracket = this.#stream.isOperator('[', '{')
    if ((!isValue && !isBracket) || this.#stream.isName('else', 'or', 'and', 'if', 'is', 'not', 'in', 'recursive')) {
      return noArguments
    }
    return { positional: [this.#postfix(this.#primary())], named: [] }
  }
}

const noArguments: Arguments = { positional: [], named: [] }

const constants: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])

const nameOrConstant = (name: string): Expression => {
  const value = constants.get(name)
  return value === undefined ? { type: 'name', name } : { type: 'constant', value }
}
