import type { Arguments, Expression, Parameter, Statement, Target } from './ast.ts'
import { TemplateRuntimeError } from './errors.ts'
import { filters } from './filters.ts'
import { globals } from './globals.ts'
import { type Budget, checkedLength } from './limits.ts'
import { loopObject } from './loop.ts'
import { methodOf } from './methods.ts'
import { binary, isIn, slice } from './operators.ts'
import { tests } from './tests.ts'
import {
  type CallArguments,
  Callable,
  compare,
  Dict,
  failIfUndefined,
  isEqual,
  isTrue,
  iterate,
  List,
  Namespace,
  numberOf,
  Special,
  toText,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

/** Names that are visible at a place in a template. */
class Scope {
  readonly #names = new Map<string, Value>()
  readonly #outer: Scope | undefined
  readonly #lookUp: ((name: string) => Value | undefined) | undefined

  constructor(outer: Scope | undefined, lookUp?: (name: string) => Value | undefined) {
    this.#outer = outer
    this.#lookUp = lookUp
  }

  get(name: string): Value | undefined {
    const own = this.#names.get(name)
    if (own !== undefined) return own
    return this.#outer ? this.#outer.get(name) : this.#lookUp?.(name)
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value)
  }
}

/** Fills in a template. One use each. */
export class Interpreter {
  readonly #budget: Budget
  readonly #root: Scope
  readonly #blocks = new Map<string, readonly Statement[]>()

  /** @param lookUp value of a variable that the template does not set itself */
  constructor(budget: Budget, lookUp: (name: string) => Value | undefined) {
    this.#budget = budget
    this.#root = new Scope(undefined, (name) => lookUp(name) ?? globals(budget).get(name))
  }

  render(statements: readonly Statement[]): string {
    this.#collectBlocks(statements)
    return this.#body(statements, this.#root)
  }

  #collectBlocks(statements: readonly Statement[]): void {
    for (const statement of statements) {
      if (statement.type === 'block') this.#blocks.set(statement.name, statement.body)
      if ('body' in statement) this.#collectBlocks(statement.body)
    }
  }

  #body(statements: readonly Statement[], scope: Scope): string {
    let text = ''
    for (const statement of statements) {
      this.#budget.spend(1)
      const piece = this.#statement(statement, scope)
      if (piece === '') continue
      text += piece
    }
    return text
  }

  #statement(statement: Statement, scope: Scope): string {
    switch (statement.type) {
      case 'data':
        this.#budget.grow(statement.text.length)
        return statement.text
      case 'output':
        return this.#printed(statement.expression, scope)
      case 'if':
        return this.#body(
          isTrue(this.#value(statement.test, scope)) ? statement.consequent : statement.otherwise,
          scope,
        )
      case 'for':
        return this.#for(statement, this.#value(statement.iterable, scope), scope, 0)
      case 'set':
        this.#assign(statement.target, this.#value(statement.value, scope), scope)
        return ''
      case 'set-block': {
        const text = this.#body(statement.body, new Scope(scope))
        this.#assign(statement.target, this.#filtered(statement.filter, text, scope), scope)
        return ''
      }
      case 'with': {
        const inner = new Scope(scope)
        for (const [target, expression] of statement.values) this.#assign(target, this.#value(expression, scope), inner)
        return this.#body(statement.body, inner)
      }
      case 'macro':
        scope.set(statement.name, this.#macro(statement, scope))
        return ''
      case 'call-block': {
        const caller = this.#macro({ name: 'caller', parameters: statement.parameters, body: statement.body }, scope)
        const { call } = statement
        if (call.type !== 'call') return ''
        const args = this.#arguments(call.args, scope)
        const named = new Map(args.named).set('caller', caller)
        return toText(this.#call(this.#value(call.callee, scope), { positional: args.positional, named }))
      }
      case 'filter-block':
        return toText(this.#filtered(statement.filter, this.#body(statement.body, new Scope(scope)), scope))
      case 'block':
        return this.#body(statement.body, new Scope(scope))
      case 'do':
        this.#value(statement.expression, scope)
        return ''
      case 'scope':
        return this.#body(statement.body, new Scope(scope))
      case 'load':
        throw new TemplateRuntimeError('no loader for this environment specified')
    }
  }

  #printed(expression: Expression, scope: Scope): string {
    // An inline `if` without `else` that does not hold prints nothing.
    if (expression.type === 'conditional' && expression.otherwise === undefined) {
      return isTrue(this.#value(expression.test, scope)) ? this.#printed(expression.consequent, scope) : ''
    }
    const text = toText(this.#value(expression, scope))
    this.#budget.grow(text.length)
    return text
  }

  #for(statement: Extract<Statement, { type: 'for' }>, iterable: Value, scope: Scope, depth: number): string {
    return this.#budget.nested(() => {
      const { target, test } = statement
      const items = iterate(iterable).filter((item) => {
        if (test === undefined) return true
        const inner = new Scope(scope)
        this.#assign(target, item, inner)
        return isTrue(this.#value(test, inner))
      })
      if (items.length === 0) return this.#body(statement.otherwise, scope)
      const recurse = statement.isRecursive
        ? (below: Value): Value => this.#for(statement, below, scope, depth + 1)
        : undefined
      let text = ''
      const state = { index: 0, items, depth }
      const loop = loopObject(state, recurse)
      for (const [index, item] of items.entries()) {
        this.#budget.spend(1)
        state.index = index
        const inner = new Scope(scope)
        inner.set('loop', loop)
        this.#assign(target, item, inner)
        text += this.#body(statement.body, inner)
      }
      return text
    })
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.type === 'name') {
      scope.set(target.name, value)
    } else if (target.type === 'namespace') {
      const namespace = scope.get(target.name)
      if (!(namespace instanceof Namespace)) {
        throw new TemplateRuntimeError('cannot assign attribute on non-namespace object')
      }
      namespace.attributes.set(target.attribute, value)
    } else {
      failIfUndefined(value)
      const items = iterate(value)
      if (items.length !== target.items.length) {
        const problem = items.length > target.items.length ? 'too many' : 'not enough'
        throw new TemplateRuntimeError(`${problem} values to unpack (expected ${target.items.length})`)
      }
      for (const [index, inner] of target.items.entries()) this.#assign(inner, items[index] ?? null, scope)
    }
  }

  #macro(
    macro: { readonly name: string; readonly parameters: readonly Parameter[]; readonly body: readonly Statement[] },
    scope: Scope,
  ): Callable {
    return new Callable(macro.name, ({ positional, named }) =>
      this.#budget.nested(() => {
        const inner = new Scope(scope)
        for (const [index, { name, default: otherwise }] of macro.parameters.entries()) {
          const given = positional[index] ?? named.get(name)
          const missing = new Undefined(name, `parameter '${name}' was not provided`)
          inner.set(name, given ?? (otherwise ? this.#value(otherwise, inner) : missing))
        }
        const names = macro.parameters.map(({ name }) => name)
        inner.set('varargs', new List(positional.slice(macro.parameters.length), true))
        inner.set(
          'kwargs',
          new Dict(new Map([...named].filter(([name]) => !names.includes(name) && name !== 'caller'))),
        )
        const caller = named.get('caller')
        if (caller !== undefined) inner.set('caller', caller)
        return this.#body(macro.body, inner)
      }),
    )
  }

  #filtered(filter: Expression | undefined, text: string, scope: Scope): Value {
    if (filter?.type !== 'filter') return text
    const input = filter.input ? this.#filtered(filter.input, text, scope) : text
    return this.#applyFilter(filter.name, input, filter.args, scope)
  }

  #applyFilter(name: string, input: Value, args: Arguments, scope: Scope): Value {
    const filter = filters.get(name)
    if (filter === undefined) throw new TemplateRuntimeError(`No filter named '${name}'.`)
    this.#budget.spend(1)
    const result = filter(input, this.#arguments(args, scope), this.#filterContext)
    return typeof result === 'string' ? checkedLength(result, this.#budget) : result
  }

  readonly #filterContext = {
    attribute: (value: Value, path: string): Value => this.#path(value, path),
    filter: (name: string, input: Value, args: CallArguments): Value => {
      const filter = filters.get(name)
      if (filter === undefined) throw new TemplateRuntimeError(`No filter named '${name}'.`)
      this.#budget.spend(1)
      return filter(input, args, this.#filterContext)
    },
    test: (name: string, input: Value, args: CallArguments): boolean => {
      const test = tests.get(name)
      if (test === undefined) throw new TemplateRuntimeError(`No test named '${name}'.`)
      return test(input, args)
    },
    method: (value: Value, name: string): Value | undefined => methodOf(value, name, this.#budget),
    spend: (steps: number): void => this.#budget.spend(steps),
  }

  /** `a.b.0`: what filters take as `attribute`. */
  #path(value: Value, path: string): Value {
    return path
      .split('.')
      .reduce<Value>((inner, step) => this.#item(inner, /^\d+$/.test(step) ? BigInt(step) : step), value)
  }

  #arguments(args: Arguments, scope: Scope): CallArguments {
    const positional = args.positional.map((expression) => this.#value(expression, scope))
    const named = new Map(args.named.map(([name, expression]) => [name, this.#value(expression, scope)] as const))
    if (args.spread) positional.push(...iterate(this.#value(args.spread, scope)))
    const more = args.spreadNamed && this.#value(args.spreadNamed, scope)
    if (more instanceof Dict) for (const [key, value] of more.map) named.set(toText(key), value)
    return { positional, named }
  }

  #call(callee: Value, args: CallArguments): Value {
    this.#budget.spend(1)
    failIfUndefined(callee)
    if (callee instanceof Callable) return callee.call(args)
    if (callee instanceof Special && callee.call) return callee.call(args)
    throw new TemplateRuntimeError(`'${typeName(callee)}' object is not callable`)
  }

  #value(expression: Expression, scope: Scope): Value {
    this.#budget.spend(1)
    switch (expression.type) {
      case 'constant':
        return expression.value
      case 'name':
        return this.#name(expression.name, scope)
      case 'list':
        return new List(
          expression.items.map((item) => this.#value(item, scope)),
          expression.isTuple,
        )
      case 'dict':
        return new Dict(
          new Map(expression.pairs.map(([key, item]) => [asKey(this.#value(key, scope)), this.#value(item, scope)])),
        )
      case 'attribute':
        return this.#attribute(this.#value(expression.object, scope), expression.name)
      case 'item':
        return this.#item(this.#value(expression.object, scope), this.#value(expression.index, scope))
      case 'slice': {
        const bound = (part: Expression | undefined): Value => (part ? this.#value(part, scope) : null)
        const object = this.#value(expression.object, scope)
        return slice(object, bound(expression.start), bound(expression.stop), bound(expression.step))
      }
      case 'call':
        return this.#call(this.#value(expression.callee, scope), this.#arguments(expression.args, scope))
      case 'filter':
        return this.#applyFilter(
          expression.name,
          expression.input ? this.#value(expression.input, scope) : '',
          expression.args,
          scope,
        )
      case 'test': {
        const test = tests.get(expression.name)
        if (test === undefined) throw new TemplateRuntimeError(`No test named '${expression.name}'.`)
        return test(this.#value(expression.input, scope), this.#arguments(expression.args, scope))
      }
      case 'unary':
        return this.#unary(expression.operator, this.#value(expression.operand, scope))
      case 'binary':
        return binary(
          expression.operator,
          this.#value(expression.left, scope),
          this.#value(expression.right, scope),
          this.#budget,
        )
      case 'and': {
        const left = this.#value(expression.left, scope)
        return isTrue(left) ? this.#value(expression.right, scope) : left
      }
      case 'or': {
        const left = this.#value(expression.left, scope)
        return isTrue(left) ? left : this.#value(expression.right, scope)
      }
      case 'compare':
        return this.#compare(expression, scope)
      case 'concat':
        return checkedLength(expression.items.map((item) => toText(this.#value(item, scope))).join(''), this.#budget)
      case 'conditional':
        if (isTrue(this.#value(expression.test, scope))) return this.#value(expression.consequent, scope)
        if (expression.otherwise) return this.#value(expression.otherwise, scope)
        return new Undefined('', 'the inline if-expression evaluated to false and no else section was defined.')
    }
  }

  #name(name: string, scope: Scope): Value {
    if (name === 'self') return this.#self()
    return scope.get(name) ?? new Undefined(name, `'${name}' is undefined`)
  }

  #self(): Value {
    return new Special('<TemplateReference None>', (name) => {
      const body = this.#blocks.get(name)
      return body && new Callable(name, () => this.#budget.nested(() => this.#body(body, new Scope(this.#root))))
    })
  }

  #unary(operator: '-' | '+' | 'not', operand: Value): Value {
    if (operator === 'not') return !isTrue(operand)
    failIfUndefined(operand)
    const number = numberOf(operand)
    if (number === undefined) {
      throw new TemplateRuntimeError(`bad operand type for unary ${operator}: '${typeName(operand)}'`)
    }
    return operator === '-' ? -number : number
  }

  #compare(expression: Extract<Expression, { type: 'compare' }>, scope: Scope): boolean {
    let left = this.#value(expression.first, scope)
    for (const [operator, operand] of expression.rest) {
      const right = this.#value(operand, scope)
      if (!holds(operator, left, right)) return false
      left = right
    }
    return true
  }

  /** `object.name`: an attribute, or else a key. */
  #attribute(object: Value, name: string): Value {
    const own = this.#ownAttribute(object, name)
    if (own !== undefined) return own
    if (object instanceof Dict) {
      const item = object.map.get(name)
      if (item !== undefined) return item
    }
    return this.#missing(object, name)
  }

  /** `object[index]`: a key or place, or else an attribute. */
  #item(object: Value, index: Value): Value {
    failIfUndefined(object)
    const found = itemOf(object, index)
    if (found !== undefined) return found
    if (typeof index !== 'string') return new Undefined(toText(index), missingText(object, index))
    return this.#ownAttribute(object, index) ?? this.#missing(object, index)
  }

  #ownAttribute(object: Value, name: string): Value | undefined {
    failIfUndefined(object)
    if (object instanceof Namespace) return object.attributes.get(name)
    if (object instanceof Special) return object.attribute(name)
    return methodOf(object, name, this.#budget)
  }

  #missing(object: Value, name: string): Undefined {
    // Python's insides are not there at all; that is said the way its sandbox says it.
    const isInside = name.startsWith('_') && !(object instanceof Dict && !name.startsWith('__'))
    const problem = isInside
      ? `access to attribute '${name}' of '${typeName(object)}' object is unsafe.`
      : missingText(object, name)
    return new Undefined(name, problem)
  }
}

const asKey = (value: Value): Value => {
  if (value instanceof List || value instanceof Dict)
    throw new TemplateRuntimeError(`unhashable type: '${typeName(value)}'`)
  return value
}

const missingText = (object: Value, key: Value): string => {
  const shown = object === null ? "'None'" : `'${typeName(object)} object'`
  return typeof key === 'string' ? `${shown} has no attribute '${key}'` : `${shown} has no element ${toText(key)}`
}

const itemOf = (object: Value, index: Value): Value | undefined => {
  if (object instanceof Dict) return object.map.get(index)
  if (object instanceof List && typeof index === 'bigint') return object.items.at(Number(index))
  return typeof object === 'string' && typeof index === 'bigint' ? [...object].at(Number(index)) : undefined
}

const holds = (operator: string, left: Value, right: Value): boolean => {
  switch (operator) {
    case '==':
      return isEqual(left, right)
    case '!=':
      return !isEqual(left, right)
    case 'in':
      return isIn(left, right)
    case 'not in':
      return !isIn(left, right)
    case '<':
      return compare(left, right, operator) < 0
    case '<=':
      return compare(left, right, operator) <= 0
    case '>':
      return compare(left, right, operator) > 0
    default:
      return compare(left, right, operator) >= 0
  }
}
