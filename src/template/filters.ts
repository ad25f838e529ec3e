import { TemplateRuntimeError } from './errors.ts'
import type { Filter } from './filter.ts'
import { argument, integerArgument } from './filter.ts'
import { listFilters } from './filters-lists.ts'
import { textFilters } from './filters-text.ts'
import { failIfUndefined, isTrue, numberOf, toText, typeName, Undefined } from './values.ts'

const decimal = /^\s*[-+]?\d+(?:_\d+)*\s*$/

const toInteger: Filter = (value, args) => {
  failIfUndefined(value)
  const otherwise = argument(args, 0, 'default') ?? 0n
  const base = integerArgument(args, 1, 'base', 10)
  const number = numberOf(value)
  if (number !== undefined) {
    return typeof number === 'bigint' ? number : Number.isFinite(number) ? BigInt(Math.trunc(number)) : otherwise
  }
  if (typeof value !== 'string') return otherwise
  if (base !== 10) return parseInBase(value.trim(), base) ?? otherwise
  if (decimal.test(value)) return BigInt(value.trim().replaceAll('_', '').replace(/^\+/, ''))
  const real = parseFloatStrictly(value)
  return real !== undefined && Number.isFinite(real) ? BigInt(Math.trunc(real)) : otherwise
}

const parseInBase = (text: string, base: number): bigint | undefined => {
  const digits = text.toLowerCase().replace(/^0[xob]/, '')
  const value = digits === '' ? Number.NaN : Number.parseInt(digits, base)
  return Number.isNaN(value) || value.toString(base) !== digits.replace(/^0+(?=.)/, '') ? undefined : BigInt(value)
}

const parseFloatStrictly = (text: string): number | undefined => {
  const trimmed = text.trim().replaceAll('_', '')
  if (/^[-+]?(?:inf|infinity)$/i.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity
  if (/^[-+]?nan$/i.test(trimmed)) return Number.NaN
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(trimmed) ? Number(trimmed) : undefined
}

const toFloat: Filter = (value, args) => {
  failIfUndefined(value)
  const number = numberOf(value)
  if (number !== undefined) return Number(number)
  const parsed = typeof value === 'string' ? parseFloatStrictly(value) : undefined
  return parsed ?? argument(args, 0, 'default') ?? 0
}

const round: Filter = (value, args) => {
  failIfUndefined(value)
  const number = numberOf(value)
  if (number === undefined) throw new TemplateRuntimeError(`type ${typeName(value)} doesn't define __round__ method`)
  const precision = integerArgument(args, 0, 'precision', 0)
  const method = argument(args, 1, 'method') ?? 'common'
  const factor = 10 ** precision
  const scaled = Number(number) * factor
  if (method === 'ceil') return Math.ceil(scaled) / factor
  if (method === 'floor') return Math.floor(scaled) / factor
  if (method !== 'common') throw new TemplateRuntimeError('method must be common, ceil or floor')
  return roundHalfEven(scaled) / factor
}

const roundHalfEven = (value: number): number => {
  const low = Math.floor(value)
  const rest = value - low
  if (rest < 0.5) return low
  if (rest > 0.5) return low + 1
  return low % 2 === 0 ? low : low + 1
}

const absolute: Filter = (value) => {
  failIfUndefined(value)
  const number = numberOf(value)
  if (number === undefined) throw new TemplateRuntimeError(`bad operand type for abs(): '${typeName(value)}'`)
  return number < 0 ? -number : number
}

const withDefault: Filter = (value, args) => {
  const otherwise = argument(args, 0, 'default_value') ?? ''
  const alsoIfFalse = isTrue(argument(args, 1, 'boolean') ?? false)
  return value instanceof Undefined || (alsoIfFalse && !isTrue(value)) ? otherwise : value
}

const attribute: Filter = (value, args, context) => {
  const name = toText(args.positional[0] ?? '')
  failIfUndefined(value)
  return context.method(value, name) ?? new Undefined(name, `'${typeName(value)} object' has no attribute '${name}'`)
}

const numberFilters: readonly (readonly [string, Filter])[] = [
  ['abs', absolute],
  ['attr', attribute],
  ['d', withDefault],
  ['default', withDefault],
  ['float', toFloat],
  ['int', toInteger],
  ['round', round],
]

/** Every filter that templates may use, by name. */
export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...numberFilters,
  ...textFilters,
  ...listFilters,
])
