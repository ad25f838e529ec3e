import type { Json } from '../machine/json.ts'

/**
 * What an unquoted YAML word means, as PyYAML's safe loader has it (YAML 1.1 with PyYAML's own, narrower patterns: `y`
 * and `n` are text, `1e3` is text, `0o17` is text). Dates stay the text that was written.
 */
export const resolvePlainScalar = (text: string): Json => {
  const first = text.charCodeAt(0)
  // Most words start with a letter that no pattern has, so they are decided here.
  if (text.length > 64) return isNumberStart(first) ? (resolveNumber(text) ?? text) : text
  if (words.has(text)) return words.get(text) ?? null
  return isNumberStart(first) ? (resolveNumber(text) ?? text) : text
}

const words = new Map<string, boolean | null>([
  ['', null],
  ['~', null],
])
for (const word of ['null']) for (const form of spellings(word)) words.set(form, null)
for (const word of ['yes', 'true', 'on']) for (const form of spellings(word)) words.set(form, true)
for (const word of ['no', 'false', 'off']) for (const form of spellings(word)) words.set(form, false)

function spellings(word: string): string[] {
  return [word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)]
}

/** `+`, `-`, `.`, a digit. */
const isNumberStart = (code: number): boolean =>
  code === 0x2b || code === 0x2d || code === 0x2e || (code >= 0x30 && code <= 0x39)

const integerPattern = /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const floatPattern =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/
const infinityPattern = /^[-+]?\.(?:inf|Inf|INF)$/
const notANumberPattern = /^\.(?:nan|NaN|NAN)$/

const resolveNumber = (text: string): Json | undefined => {
  if (integerPattern.test(text)) return readInteger(text)
  if (floatPattern.test(text)) return readFloat(text)
  if (infinityPattern.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (notANumberPattern.test(text)) return NaN
  return undefined
}

/**
 * A number as YAML 1.1 writes it: decimal, `0x`, `0b`, octal with a leading 0, base 60 with colons. One too large to be
 * exact as a number becomes its decimal digits as text, so that no digit of an id is lost. undefined: not a number.
 */
export const readInteger = (text: string): number | string | undefined => {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '')
  const magnitude = readMagnitude(digits)
  if (magnitude === undefined) return undefined
  const value = negative ? -magnitude : magnitude
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString()
}

const readMagnitude = (digits: string): bigint | undefined => {
  if (/^0[bx][0-9a-fA-F]+$/.test(digits)) return BigInt(digits)
  if (/^0[0-7]*$/.test(digits)) return digits === '0' ? 0n : BigInt(`0o${digits}`)
  if (/^[0-9]+$/.test(digits)) return BigInt(digits)
  if (!/^[0-9]+(?::[0-9]+)+$/.test(digits)) return undefined
  return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n)
}

/** A number with a point, perhaps in base 60 (`1:30.5`). undefined: not a number. */
export const readFloat = (text: string): number | undefined => {
  const digits = text.replaceAll('_', '')
  if (infinityPattern.test(digits)) return digits.startsWith('-') ? -Infinity : Infinity
  if (notANumberPattern.test(digits)) return NaN
  if (!digits.includes(':')) return /^[-+.]?[0-9]/.test(digits) ? Number(digits) : undefined
  const sign = digits.startsWith('-') ? -1 : 1
  return (
    sign *
    digits
      .replace(/^[-+]/, '')
      .split(':')
      .reduce((sum, part) => sum * 60 + Number(part), 0)
  )
}

export const readBoolean = (text: string): boolean | undefined => {
  const value = words.get(text)
  return typeof value === 'boolean' ? value : undefined
}
