import { TemplateRuntimeError } from './errors.ts'
import { argument, type Filter, integerArgument } from './filter.ts'
import { formatPercent } from './format-text.ts'
import { centered, replaceTimes } from './methods.ts'
import { toJsonText } from './to-json.ts'
import { Dict, isTrue, iterate, List, numberOf, repr, reprFloat, toText, Undefined, type Value } from './values.ts'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

const escapeMarkup: Filter = (value) => toText(value).replace(/[&<>"']/g, (unit) => entities[unit] ?? unit)

const asText: Filter = (value) => toText(value)

const striptags: Filter = (value) => {
  const text = toText(value)
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<[^>]*>/g, '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ')
  const plain: Readonly<Record<string, string>> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    '#34': '"',
    '#39': "'",
    apos: "'",
  }
  return text.replace(/&(amp|lt|gt|quot|apos|#34|#39);/g, (whole, name: string) => plain[name] ?? whole)
}

const indent: Filter = (value, args) => {
  const width = argument(args, 0, 'width') ?? 4n
  const first = isTrue(argument(args, 1, 'first') ?? false)
  const blank = isTrue(argument(args, 2, 'blank') ?? false)
  const margin = typeof width === 'string' ? width : ' '.repeat(Math.min(integerArgument(args, 0, 'width', 4), 10_000))
  const [start = '', ...rest] = toText(value).split('\n')
  const lines = [start, ...rest.map((line) => (blank || line !== '' ? margin + line : line))]
  return (first ? margin : '') + lines.join('\n')
}

const trim: Filter = (value, args) => {
  const characters = argument(args, 0, 'chars')
  if (characters === undefined || characters === null) return toText(value).trim()
  const units = toText(characters)
  let text = toText(value)
  while (text !== '' && units.includes(text.charAt(0))) text = text.slice(1)
  while (text !== '' && units.includes(text.charAt(text.length - 1))) text = text.slice(0, -1)
  return text
}

const truncate: Filter = (value, args) => {
  const text = toText(value)
  const length = integerArgument(args, 0, 'length', 255)
  const killWords = isTrue(argument(args, 1, 'killwords') ?? false)
  const end = toText(argument(args, 2, 'end') ?? '...')
  const leeway = integerArgument(args, 3, 'leeway', 5)
  if (text.length <= length + leeway) return text
  const cut = text.slice(0, Math.max(length - end.length, 0))
  if (killWords) return cut + end
  const blank = cut.lastIndexOf(' ')
  return (blank < 0 ? cut : cut.slice(0, blank)) + end
}

const wordwrap: Filter = (value, args) => {
  const width = Math.max(integerArgument(args, 0, 'width', 79), 1)
  const breaksLong = isTrue(argument(args, 1, 'break_long_words') ?? true)
  const between = toText(argument(args, 2, 'wrapstring') ?? '\n')
  return toText(value)
    .split(/\r\n|\r|\n/)
    .map((line) => wrapLine(line, width, breaksLong).join(between))
    .join(between)
}

const wrapLine = (line: string, width: number, breaksLong: boolean): string[] => {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(/(?<=\S)(?=\s)|(?<=\s)(?=\S)|(?<=[^\s-]-)(?=[^\s-])/)) {
    let rest = word
    if (current.length + rest.length > width) {
      if (current.trim() !== '') lines.push(current.trimEnd())
      current = ''
      if (rest.trim() === '') continue
      while (breaksLong && rest.length > width) {
        lines.push(rest.slice(0, width))
        rest = rest.slice(width)
      }
    }
    current += rest
  }
  if (current.trim() !== '' || lines.length === 0) lines.push(current.trimEnd())
  return lines
}

const title: Filter = (value) =>
  toText(value)
    .split(/([-\s({[<]+)/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
    .join('')

const filesizeformat: Filter = (value, args) => {
  const bytes = Number(numberOf(value) ?? toText(value))
  if (Number.isNaN(bytes)) throw new TemplateRuntimeError('filesizeformat needs a number')
  const isBinary = isTrue(argument(args, 0, 'binary') ?? false)
  const base = isBinary ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`
  const prefixes = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
  let unit = base
  for (const [index, prefix] of prefixes.entries()) {
    unit = base ** (index + 2)
    if (bytes < unit || index === prefixes.length - 1) {
      const name = isBinary ? `${prefix.toUpperCase()}iB` : `${prefix}B`
      return `${((base * bytes) / unit).toFixed(1)} ${name}`
    }
  }
  return `${bytes} Bytes`
}

const urlencode: Filter = (value) => {
  const quote = (text: string, kept: string): string =>
    encodeURIComponent(text).replace(/[!'()*]|%2F/g, (unit) => {
      if (unit === '%2F') return kept.includes('/') ? '/' : unit
      return `%${unit.charCodeAt(0).toString(16).toUpperCase()}`
    })
  if (typeof value === 'string' || !(value instanceof Dict || value instanceof List)) return quote(toText(value), '/')
  const pairs = value instanceof Dict ? [...value.map] : value.items.map((pair) => iterate(pair))
  return pairs.map(([key = null, item = null]) => `${quote(toText(key), '')}=${quote(toText(item), '')}`).join('&')
}

const xmlattr: Filter = (value, args, context) => {
  if (!(value instanceof Dict)) throw new TemplateRuntimeError('xmlattr needs a mapping')
  const attributes = [...value.map]
    .filter(([, item]) => item !== null && !(item instanceof Undefined))
    .map(([key, item]) => `${toText(escapeMarkup(key, args, context))}="${toText(escapeMarkup(item, args, context))}"`)
  return attributes.length === 0 ? '' : ` ${attributes.join(' ')}`
}

const format: Filter = (value, { positional, named }) =>
  formatPercent(
    toText(value),
    named.size > 0 ? new Dict(new Map<Value, Value>(named)) : new List([...positional], true),
  )

export const textFilters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['capitalize', (value) => toText(value).slice(0, 1).toUpperCase() + toText(value).slice(1).toLowerCase()],
  ['center', (value, args) => centered(toText(value), Math.min(integerArgument(args, 0, 'width', 80), 1_000_000))],
  ['e', escapeMarkup],
  ['escape', escapeMarkup],
  ['filesizeformat', filesizeformat],
  ['forceescape', escapeMarkup],
  ['format', format],
  ['indent', indent],
  ['lower', (value) => toText(value).toLowerCase()],
  ['pprint', (value) => (typeof value === 'number' ? reprFloat(value) : repr(value))],
  [
    'replace',
    (value, args) =>
      replaceTimes(
        toText(value),
        toText(argument(args, 0, 'old') ?? ''),
        toText(argument(args, 1, 'new') ?? ''),
        integerArgument(args, 2, 'count', -1),
      ),
  ],
  ['safe', (value) => (value instanceof Undefined ? value : toText(value))],
  ['string', asText],
  ['striptags', striptags],
  ['title', title],
  ['tojson', (value, args) => toJsonText(value, integerArgument(args, 0, 'indent', 0))],
  ['trim', trim],
  ['truncate', truncate],
  ['upper', (value) => toText(value).toUpperCase()],
  ['urlencode', urlencode],
  ['urlize', (value) => toText(value)],
  ['wordcount', (value) => BigInt(toText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  ['wordwrap', wordwrap],
  ['xmlattr', xmlattr],
])
