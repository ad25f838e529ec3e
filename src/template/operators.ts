import { TemplateRuntimeError } from './errors.ts'
import { formatPercent } from './format-text.ts'
import { type Budget, checkedLength } from './limits.ts'
import {
  Dict,
  failIfUndefined,
  isEqual,
  iterate,
  List,
  missingPrefix,
  numberOf,
  toText,
  typeName,
  Undefined,
  type Value,
  View,
} from './values.ts'

/** `left operator right` for arithmetic. @throws TemplateRuntimeError */
export const binary = (operator: string, left: Value, right: Value, budget: Budget): Value => {
  if (operator === '-') failOnSubtraction(left, right)
  failIfUndefined(left)
  failIfUndefined(right)
  const [first, second] = [numberOf(left), numberOf(right)]
  if (first !== undefined && second !== undefined) return arithmetic(operator, first, second)
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return checkedLength(left + right, budget)
    if (left instanceof List && right instanceof List && left.isTuple === right.isTuple) {
      budget.spend(left.items.length + right.items.length)
      return new List([...left.items, ...right.items], left.isTuple)
    }
  }
  if (operator === '*') {
    const repeated = repeat(left, second, budget) ?? repeat(right, first, budget)
    if (repeated !== undefined) return repeated
  }
  if (operator === '%' && typeof left === 'string') return checkedLength(formatPercent(left, right), budget)
  throw unsupported(operator, left, right)
}

const unsupported = (operator: string, left: Value, right: Value): TemplateRuntimeError => {
  const shown = operator === '**' ? '** or pow()' : operator
  return new TemplateRuntimeError(
    `unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`,
  )
}

/** A dash in a name is a subtraction to jinja: the most common mistake. */
const failOnSubtraction = (left: Value, right: Value): void => {
  if (!(left instanceof Undefined)) return
  const other = toText(right).replaceAll(missingPrefix, '')
  throw new TemplateRuntimeError(
    `Undefined jinja variable: "${left.name}-${other}". Jinja tried subtraction. Perhaps you meant "${left.name}_${other}"?`,
  )
}

const repeat = (value: Value, times: bigint | number | undefined, budget: Budget): Value | undefined => {
  if (typeof times !== 'bigint') return undefined
  const count = times < 0n ? 0 : Number(times)
  if (typeof value === 'string') {
    budget.checkSize(value.length * count)
    return value.repeat(count)
  }
  if (!(value instanceof List)) return undefined
  budget.spend(value.items.length * count)
  return new List(Array.from({ length: count }, () => value.items).flat(), value.isTuple)
}

/** Bits that a power may have. */
const maxBits = 65_536

const arithmetic = (operator: string, left: bigint | number, right: bigint | number): Value => {
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    switch (operator) {
      case '+':
        return left + right
      case '-':
        return left - right
      case '*':
        return left * right
      case '//':
        return floorDivide(left, right)
      case '%':
        return left - floorDivide(left, right) * right
      case '**':
        if (right < 0n) return Number(left) ** Number(right)
        if (BigInt(left.toString(2).length) * right > maxBits) throw new TemplateRuntimeError('the power is too large')
        return left ** right
    }
  }
  const [first, second] = [Number(left), Number(right)]
  if (second === 0 && ['/', '//', '%'].includes(operator)) throw new TemplateRuntimeError('division by zero')
  switch (operator) {
    case '+':
      return first + second
    case '-':
      return first - second
    case '*':
      return first * second
    case '/':
      return first / second
    case '//':
      return Math.floor(first / second)
    case '%':
      return first - Math.floor(first / second) * second
    default:
      return first ** second
  }
}

const floorDivide = (left: bigint, right: bigint): bigint => {
  if (right === 0n) throw new TemplateRuntimeError('integer division or modulo by zero')
  const quotient = left / right
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient
}

/** `item in container`. */
export const isIn = (item: Value, container: Value): boolean => {
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item)
    failIfUndefined(item)
    throw new TemplateRuntimeError(`'in <string>' requires string as left operand, not ${typeName(item)}`)
  }
  if (container instanceof Dict) return [...container.map.keys()].some((key) => isEqual(key, item))
  if (container instanceof List || container instanceof View || container instanceof Undefined) {
    return iterate(container).some((candidate) => isEqual(candidate, item))
  }
  throw new TemplateRuntimeError(`argument of type '${typeName(container)}' is not iterable`)
}

/** `text[start:stop:step]`, as Python counts. */
export const slice = (value: Value, start: Value, stop: Value, step: Value): Value => {
  const source = typeof value === 'string' ? [...value] : value instanceof List ? value.items : undefined
  failIfUndefined(value)
  if (source === undefined) throw new TemplateRuntimeError(`'${typeName(value)}' object is not subscriptable`)
  const by = step === null ? 1 : boundOf(step)
  if (by === 0) throw new TemplateRuntimeError('slice step cannot be zero')
  const { length } = source
  const place = (bound: Value, otherwise: number): number => {
    if (bound === null) return otherwise
    const at = boundOf(bound)
    const counted = at < 0 ? at + length : at
    return by > 0 ? Math.min(Math.max(counted, 0), length) : Math.min(Math.max(counted, -1), length - 1)
  }
  const [from, to] = by > 0 ? [place(start, 0), place(stop, length)] : [place(start, length - 1), place(stop, -1)]
  const picked: Value[] = []
  for (let at = from; by > 0 ? at < to : at > to; at += by) picked.push(source[at] ?? null)
  return typeof value === 'string' ? picked.join('') : new List(picked, value instanceof List && value.isTuple)
}

const boundOf = (value: Value): number => {
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value)
  throw new TemplateRuntimeError('slice indices must be integers or None or have an __index__ method')
}
