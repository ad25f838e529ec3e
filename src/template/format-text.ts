import { TemplateRuntimeError } from './errors.ts'
import { Dict, failIfUndefined, List, numberOf, repr, toText, typeName, type Value } from './values.ts'

/** Widest field and most digits that a format may ask for. */
const maxWidth = 10_000

const checkedWidth = (text: string | undefined): number => {
  const width = Number(text ?? 0)
  if (width > maxWidth) throw new TemplateRuntimeError(`a format asks for more than ${maxWidth} characters`)
  return width
}

/** Python's `text % values`. @throws TemplateRuntimeError */
export const formatPercent = (format: string, values: Value): string => {
  const list = values instanceof List && values.isTuple ? values.items : [values]
  let next = 0
  const text = format.replace(
    /%(?:\(([^)]*)\))?([-+ 0#]*)(\d+|\*)?(?:\.(\d+))?[hlL]?(.)?/gs,
    (
      _whole,
      key: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      kind,
    ) => {
      if (kind === '%') return '%'
      if (kind === undefined) throw new TemplateRuntimeError('incomplete format')
      const value = key === undefined ? list[next] : keyed(values, key)
      if (key === undefined) next += 1
      if (value === undefined) throw new TemplateRuntimeError('not enough arguments for format string')
      return padded(
        converted(String(kind), value, flags, precision),
        flags,
        checkedWidth(width),
        kind !== 's' && kind !== 'r',
      )
    },
  )
  const isMapping = values instanceof Dict
  if (!isMapping && next < list.length) {
    throw new TemplateRuntimeError('not all arguments converted during string formatting')
  }
  return text
}

const keyed = (values: Value, key: string): Value => {
  const value = values instanceof Dict ? values.map.get(key) : undefined
  if (value === undefined)
    throw new TemplateRuntimeError(values instanceof Dict ? `'${key}'` : 'format requires a mapping')
  return value
}

const converted = (kind: string, value: Value, flags: string, precision: string | undefined): string => {
  switch (kind) {
    case 's':
      return cut(toText(value), precision)
    case 'r':
    case 'a':
      return cut(repr(value), precision)
    case 'c':
      return typeof value === 'bigint' ? String.fromCodePoint(Number(value)) : toText(value).slice(0, 1)
    case 'd':
    case 'i':
    case 'u':
      return signed(wholeNumber(value, kind), flags, (number) => number.toString())
    case 'x':
    case 'X':
    case 'o': {
      const base = kind === 'o' ? 8 : 16
      const text = signed(wholeNumber(value, kind), flags, (number) => {
        const prefix = flags.includes('#') ? `0${kind.toLowerCase()}` : ''
        return prefix + number.toString(base)
      })
      return kind === 'X' ? text.toUpperCase() : text
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return formatFloat(kind, realNumber(value), precision === undefined ? 6 : checkedWidth(precision), flags)
    default:
      throw new TemplateRuntimeError(`unsupported format character '${kind}'`)
  }
}

const cut = (text: string, precision: string | undefined): string =>
  precision === undefined ? text : text.slice(0, checkedWidth(precision))

const wholeNumber = (value: Value, kind: string): bigint => {
  const number = numberOf(value)
  if (number === undefined) {
    failIfUndefined(value)
    throw new TemplateRuntimeError(`%${kind} format: a real number is required, not ${typeName(value)}`)
  }
  return typeof number === 'bigint' ? number : BigInt(Math.trunc(number))
}

const realNumber = (value: Value): number => {
  const number = numberOf(value)
  if (number === undefined) throw new TemplateRuntimeError(`must be real number, not ${typeName(value)}`)
  return Number(number)
}

const signed = (value: bigint, flags: string, digits: (magnitude: bigint) => string): string => {
  const sign = value < 0n ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + digits(value < 0n ? -value : value)
}

const formatFloat = (kind: string, value: number, precision: number, flags: string): string => {
  const sign = value < 0 || Object.is(value, -0) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const magnitude = Math.abs(value)
  const lower = kind.toLowerCase()
  const digits = Math.min(precision, 100)
  const text = !Number.isFinite(value)
    ? Number.isNaN(value)
      ? 'nan'
      : 'inf'
    : lower === 'f'
      ? magnitude.toFixed(digits)
      : lower === 'e'
        ? twoDigitExponent(magnitude.toExponential(digits))
        : general(magnitude, Math.max(digits, 1))
  return sign + (kind === lower ? text : text.toUpperCase())
}

const twoDigitExponent = (text: string): string => text.replace(/e([-+])(\d)$/, 'e$10$2')

const general = (magnitude: number, precision: number): string => {
  const exponent = magnitude === 0 ? 0 : Number(magnitude.toExponential(precision - 1).split('e')[1])
  const text =
    exponent < -4 || exponent >= precision
      ? twoDigitExponent(magnitude.toExponential(precision - 1))
      : magnitude.toFixed(Math.max(precision - 1 - exponent, 0))
  return text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text
}

const padded = (text: string, flags: string, width: number, isNumber: boolean): string => {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0') || !isNumber) return text.padStart(width)
  const sign = /^[-+ ]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

/** Python's `text.format(...)`; fields are numbers or names, without attributes. @throws TemplateRuntimeError */
export const formatBraces = (
  format: string,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
): string => {
  let next = 0
  return format.replace(
    /\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::([^{}]*))?\}|[{}]/g,
    (whole, field, conversion, spec) => {
      if (whole === '{{' || whole === '}}') return whole.charAt(0)
      if (whole.length === 1) throw new TemplateRuntimeError(`Single '${whole}' encountered in format string`)
      const name = String(field)
      if (/[.[]/.test(name)) throw new TemplateRuntimeError('attributes and items can not be used in a format string')
      const value = name === '' ? positional[next++] : /^\d+$/.test(name) ? positional[Number(name)] : named.get(name)
      if (value === undefined) {
        throw new TemplateRuntimeError(
          /^\d*$/.test(name) ? 'Replacement index out of range for positional args tuple' : `'${name}'`,
        )
      }
      const shown = conversion === 'r' || conversion === 'a' ? repr(value) : conversion === 's' ? toText(value) : value
      return formatSpec(shown, String(spec ?? ''))
    },
  )
}

const specPattern = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([_,])?(?:\.(\d+))?([a-zA-Z%])?$/s

const formatSpec = (value: Value, spec: string): string => {
  if (spec === '') return toText(value)
  const parts = specPattern.exec(spec)
  if (parts === null) throw new TemplateRuntimeError('Invalid format specifier')
  const [, fill = ' ', align, sign = '', alternate = '', zero, width, group, precision, kind] = parts
  const isNumber = numberOf(value) !== undefined && kind !== 's'
  const flags = sign + alternate
  const body = isNumber ? formatNumber(value, kind, flags, precision, group) : cut(toText(value), precision)
  const size = checkedWidth(width)
  const filler = zero && !align ? '0' : fill
  const where = align ?? (zero && isNumber ? '=' : isNumber ? '>' : '<')
  const missing = Math.max(size - body.length, 0)
  if (where === '<') return body + filler.repeat(missing)
  if (where === '>') return filler.repeat(missing) + body
  if (where === '^') return filler.repeat(missing >> 1) + body + filler.repeat(missing - (missing >> 1))
  const mark = /^[-+ ]/.exec(body)?.[0] ?? ''
  return mark + filler.repeat(missing) + body.slice(mark.length)
}

const formatNumber = (
  value: Value,
  kind: string | undefined,
  flags: string,
  precision: string | undefined,
  group: string | undefined,
): string => {
  const grouped = (text: string): string =>
    group === undefined ? text : text.replace(/\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, group))
  if (kind === '%')
    return `${formatFloat('f', realNumber(value) * 100, precision === undefined ? 6 : Number(precision), flags)}%`
  if (kind === 'b') return signed(wholeNumber(value, 'd'), flags, (number) => number.toString(2))
  if (kind === undefined && (typeof value === 'bigint' || typeof value === 'boolean')) {
    return grouped(converted('d', value, flags, undefined))
  }
  if (kind === undefined)
    return grouped(precision === undefined ? toText(value) : converted('g', value, flags, precision))
  return grouped(converted(kind === 'n' ? 'd' : kind, value, flags, precision))
}
