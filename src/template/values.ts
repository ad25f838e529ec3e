import { isJsonObject, type Json } from '../machine/json.ts'
import { TemplateRuntimeError } from './errors.ts'

/**
 * Values as a template sees them. They are Python's: whole numbers have no limit (bigint) and are not the same as numbers
 * with a point (number); lists and mappings can be changed. Nothing of the host program is ever a value, so a template
 * can't get hold of it.
 */
export type Value =
  | null
  | boolean
  | string
  | bigint
  | number
  | List
  | Dict
  | View
  | Undefined
  | Callable
  | Namespace
  | Special

export class List {
  constructor(
    readonly items: Value[],
    readonly isTuple = false,
  ) {}
}

/** A mapping; keys are texts, numbers, booleans or null. */
export class Dict {
  constructor(readonly map: Map<Value, Value>) {}
}

/** What `keys()`, `values()` and `items()` of a mapping give. */
export class View {
  constructor(
    readonly kind: 'keys' | 'values' | 'items',
    readonly items: readonly Value[],
  ) {}
}

/** A variable, key or attribute that is not there. */
export class Undefined {
  constructor(
    readonly name: string,
    /** What an operation on it is answered with. */
    readonly problem: string,
  ) {}
}

export interface CallArguments {
  readonly positional: readonly Value[]
  readonly named: ReadonlyMap<string, Value>
}

export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: CallArguments) => Value,
  ) {}
}

/** `namespace()`: the one thing whose attributes a template may set. */
export class Namespace {
  readonly attributes = new Map<string, Value>()
}

/** An object with attributes: `loop`, `cycler()`. Perhaps callable. */
export class Special {
  constructor(
    readonly shown: string,
    readonly attribute: (name: string) => Value | undefined,
    readonly call?: (args: CallArguments) => Value,
  ) {}
}

/** Marks a missing variable in rendered text; cloud-init's own word, which users look for. */
export const missingPrefix = 'CI_MISSING_JINJA_VAR/'

export const fromJson = (value: Json): Value => {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return new List(value.map(fromJson))
  if (isJsonObject(value)) return new Dict(new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)])))
  return value
}

/** Name of the type, as Python has it. */
export const typeName = (value: Value): string => {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float'
  if (value instanceof List) return value.isTuple ? 'tuple' : 'list'
  if (value instanceof Dict) return 'dict'
  if (value instanceof View) return `dict_${value.kind}`
  if (value instanceof Undefined) return 'Undefined'
  return value instanceof Callable ? 'function' : 'object'
}

export const isTrue = (value: Value): boolean => {
  if (value === null || value instanceof Undefined) return false
  if (value instanceof List || value instanceof View) return value.items.length > 0
  if (value instanceof Dict) return value.map.size > 0
  if (typeof value === 'number') return value !== 0
  return typeof value === 'object' || Boolean(value)
}

/** A number's value, with true as 1; undefined: no number. */
export const numberOf = (value: Value): bigint | number | undefined => {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' || typeof value === 'number' ? value : undefined
}

export const isEqual = (left: Value, right: Value): boolean => {
  const [leftNumber, rightNumber] = [numberOf(left), numberOf(right)]
  if (leftNumber !== undefined && rightNumber !== undefined) {
    const isSameKind = typeof leftNumber === typeof rightNumber
    return isSameKind ? leftNumber === rightNumber : Number(leftNumber) === Number(rightNumber)
  }
  if (left instanceof List && right instanceof List) {
    return (
      left.isTuple === right.isTuple &&
      left.items.length === right.items.length &&
      left.items.every((item, index) => isEqual(item, right.items[index] ?? null))
    )
  }
  if (left instanceof Dict && right instanceof Dict) {
    return (
      left.map.size === right.map.size &&
      [...left.map].every(([key, item]) => right.map.has(key) && isEqual(item, right.map.get(key) ?? null))
    )
  }
  if (left instanceof Undefined && right instanceof Undefined) return true
  return left === right
}

/** Less than 0, 0 or more than 0. @throws TemplateRuntimeError for values that have no order. */
export const compare = (left: Value, right: Value, operator = '<'): number => {
  const [leftNumber, rightNumber] = [numberOf(left), numberOf(right)]
  if (leftNumber !== undefined && rightNumber !== undefined)
    return leftNumber < rightNumber ? -1 : leftNumber > rightNumber ? 1 : 0
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  if (left instanceof List && right instanceof List && left.isTuple === right.isTuple) {
    for (const [index, item] of left.items.entries()) {
      const other = right.items[index]
      if (other === undefined) return 1
      if (!isEqual(item, other)) return compare(item, other, operator)
    }
    return left.items.length - right.items.length
  }
  failIfUndefined(left)
  failIfUndefined(right)
  throw new TemplateRuntimeError(
    `'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
  )
}

export const failIfUndefined = (value: Value): void => {
  if (value instanceof Undefined) throw new TemplateRuntimeError(value.problem)
}

/** The items that a loop goes through. @throws TemplateRuntimeError for what has none. */
export const iterate = (value: Value): readonly Value[] => {
  if (value instanceof List || value instanceof View) return value.items
  if (typeof value === 'string') return [...value]
  if (value instanceof Dict) return [...value.map.keys()]
  if (value instanceof Undefined) return []
  throw new TemplateRuntimeError(`'${typeName(value)}' object is not iterable`)
}

/** A whole number. @throws TemplateRuntimeError */
export const asInteger = (value: Value | undefined, what: string): number => {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return Number(value)
  throw new TemplateRuntimeError(`${what} must be an integer`)
}

/** What `{{ value }}` prints. */
export const toText = (value: Value): string => {
  if (typeof value === 'string') return value
  return value instanceof Undefined ? missingPrefix + value.name : repr(value)
}

/** Python's repr(). */
export const repr = (value: Value): string => {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return reprText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return reprFloat(value)
  if (value instanceof List) return reprList(value)
  if (value instanceof Dict) return `{${[...value.map].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`
  if (value instanceof View) return `dict_${value.kind}([${value.items.map(repr).join(', ')}])`
  if (value instanceof Undefined) return 'Undefined'
  if (value instanceof Callable) return `<function ${value.name}>`
  return value instanceof Special ? value.shown : `<Namespace ${repr(new Dict(value.attributes as Map<Value, Value>))}>`
}

const reprList = ({ items, isTuple }: List): string => {
  const inner = items.map(repr).join(', ')
  if (!isTuple) return `[${inner}]`
  return items.length === 1 ? `(${inner},)` : `(${inner})`
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const reprText = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const inner = text.replace(/[\\\n\r\t'"]|[\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu, (unit) => {
    if (unit === ' ') return unit
    if (unit === "'" || unit === '"') return unit === quote ? `\\${unit}` : unit
    return escapes[unit] ?? escapeCode(unit.codePointAt(0) ?? 0)
  })
  return quote + inner + quote
}

const escapeCode = (code: number): string => {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

export const reprFloat = (value: number): string => {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 16) {
    const plain = exponent < 0 ? value.toFixed(digitsBehindPoint(mantissa, exponent)) : String(value)
    return plain.includes('.') ? plain : `${plain}.0`
  }
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

const digitsBehindPoint = (mantissa: string, exponent: number): number =>
  mantissa.replace(/^-?\d\.?/, '').length - exponent
