import { TemplateRuntimeError } from './errors.ts'
import { formatBraces } from './format-text.ts'
import { type Budget, checkedLength } from './limits.ts'
import {
  asInteger,
  type CallArguments,
  Callable,
  compare,
  Dict,
  isEqual,
  iterate,
  List,
  toText,
  typeName,
  type Value,
  View,
} from './values.ts'

type Method<T> = (self: T, args: CallArguments, budget: Budget) => Value

/** A method of a value, as Python has it; undefined when there is none of that name. */
export const methodOf = (value: Value, name: string, budget: Budget): Callable | undefined => {
  if (typeof value === 'string') return bound(value, textMethods, name, budget)
  if (value instanceof List) return bound(value, value.isTuple ? tupleMethods : listMethods, name, budget)
  if (value instanceof Dict) return bound(value, dictMethods, name, budget)
  return undefined
}

const bound = <T>(self: T, methods: Readonly<Record<string, Method<T>>>, name: string, budget: Budget) => {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  return method && new Callable(name, (args) => method(self, args, budget))
}

const textAt = ({ positional }: CallArguments, index: number, otherwise?: string): string => {
  const value = positional[index]
  if (typeof value === 'string') return value
  if (value === undefined && otherwise !== undefined) return otherwise
  throw new TemplateRuntimeError(
    `argument ${index + 1} must be str, not ${value === undefined ? 'missing' : typeName(value)}`,
  )
}

const integerAt = ({ positional }: CallArguments, index: number, otherwise: number): number =>
  positional[index] === undefined ? otherwise : asInteger(positional[index], `argument ${index + 1}`)

const blanks = ' \t\n\r\f\v'

const stripped = (text: string, args: CallArguments, left: boolean, right: boolean): string => {
  const value = args.positional[0]
  const characters = value === undefined || value === null ? undefined : textAt(args, 0)
  const isDropped = (unit: string | undefined): boolean =>
    unit !== undefined &&
    (characters === undefined ? unit.trim() === '' || blanks.includes(unit) : characters.includes(unit))
  let start = 0
  let end = text.length
  while (left && start < end && isDropped(text[start])) start += 1
  while (right && end > start && isDropped(text[end - 1])) end -= 1
  return text.slice(start, end)
}

const split = (text: string, args: CallArguments): Value => {
  const separator = args.positional[0] ?? args.named.get('sep') ?? null
  const limit = asInteger(args.positional[1] ?? args.named.get('maxsplit') ?? -1n, 'maxsplit')
  if (separator === null) {
    const words = text
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '')
    if (limit < 0 || words.length <= limit + 1) return new List(words)
    const head = words.slice(0, limit)
    const rest = text.trimStart().replace(new RegExp(`^(?:\\S+\\s+){${limit}}`), '')
    return new List([...head, rest])
  }
  if (typeof separator !== 'string') throw new TemplateRuntimeError(`must be str or None, not ${typeName(separator)}`)
  if (separator === '') throw new TemplateRuntimeError('empty separator')
  const parts = text.split(separator)
  if (limit < 0 || parts.length <= limit + 1) return new List(parts)
  return new List([...parts.slice(0, limit), parts.slice(limit).join(separator)])
}

const rsplit = (text: string, args: CallArguments): Value => {
  const limit = asInteger(args.positional[1] ?? args.named.get('maxsplit') ?? -1n, 'maxsplit')
  const separator = args.positional[0]
  if (limit < 0 || typeof separator !== 'string') return split(text, args)
  const parts = text.split(separator)
  const cut = Math.max(parts.length - limit, 1)
  return new List([parts.slice(0, cut).join(separator), ...parts.slice(cut)])
}

const partition = (text: string, separator: string, at: number): Value =>
  at < 0
    ? new List([text, '', ''], true)
    : new List([text.slice(0, at), separator, text.slice(at + separator.length)], true)

/** One text, or several in a tuple. */
const someText = (args: CallArguments, check: (text: string) => boolean): boolean => {
  const value = args.positional[0]
  return value instanceof List ? value.items.some((item) => check(toText(item))) : check(textAt(args, 0))
}

const found = (at: number): Value => {
  if (at < 0) throw new TemplateRuntimeError('substring not found')
  return BigInt(at)
}

const everyUnit = (text: string, pattern: RegExp): boolean => text !== '' && pattern.test(text)

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase()

const titled = (text: string): string =>
  text.toLowerCase().replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1))

const replaced = (text: string, args: CallArguments, budget: Budget): string => {
  const [from, to] = [textAt(args, 0), textAt(args, 1)]
  const count = integerAt(args, 2, -1)
  return checkedLength(replaceTimes(text, from, to, count), budget)
}

/** The first `count` times, or each time when it is negative. */
export const replaceTimes = (text: string, from: string, to: string, count: number): string => {
  if (count < 0) return text.split(from).join(to)
  const parts = text.split(from)
  return (
    parts.slice(0, count + 1).join(to) +
    parts
      .slice(count + 1)
      .map((part) => from + part)
      .join('')
  )
}

const aligned = (text: string, args: CallArguments, where: 'left' | 'right' | 'center', budget: Budget): string => {
  const width = integerAt(args, 0, 0)
  budget.checkSize(width)
  const fill = textAt(args, 1, ' ').charAt(0) || ' '
  if (where === 'left') return text.padEnd(width, fill)
  return where === 'right' ? text.padStart(width, fill) : centered(text, width, fill)
}

export const centered = (text: string, width: number, fill = ' '): string => {
  const missing = Math.max(width - text.length, 0)
  const left = (missing >> 1) + (missing & width & 1)
  return fill.repeat(left) + text + fill.repeat(missing - left)
}

const textMethods: Readonly<Record<string, Method<string>>> = {
  capitalize: capitalized,
  casefold: (text) => text.toLowerCase(),
  center: (text, args, budget) => aligned(text, args, 'center', budget),
  count: (text, args) => BigInt(text.split(textAt(args, 0)).length - 1),
  encode: () => {
    throw new TemplateRuntimeError('encode is not supported')
  },
  endswith: (text, args) => someText(args, (end) => text.endsWith(end)),
  expandtabs: (text, args) => text.replaceAll('\t', ' '.repeat(integerAt(args, 0, 8))),
  find: (text, args) => BigInt(text.indexOf(textAt(args, 0))),
  format: (text, args, budget) => checkedLength(formatBraces(text, args.positional, args.named), budget),
  index: (text, args) => found(text.indexOf(textAt(args, 0))),
  isalnum: (text) => everyUnit(text, /^[\p{L}\p{N}]+$/u),
  isalpha: (text) => everyUnit(text, /^\p{L}+$/u),
  isdecimal: (text) => everyUnit(text, /^\p{Nd}+$/u),
  isdigit: (text) => everyUnit(text, /^\p{Nd}+$/u),
  islower: (text) => text === text.toLowerCase() && text !== text.toUpperCase(),
  isnumeric: (text) => everyUnit(text, /^\p{N}+$/u),
  isspace: (text) => everyUnit(text, /^\s+$/u),
  istitle: (text) => text === titled(text) && text !== text.toLowerCase(),
  isupper: (text) => text === text.toUpperCase() && text !== text.toLowerCase(),
  join: (text, args, budget) => {
    const items = iterate(args.positional[0] ?? null).map((item) => {
      if (typeof item === 'string') return item
      throw new TemplateRuntimeError(`sequence item: expected str instance, ${typeName(item)} found`)
    })
    return checkedLength(items.join(text), budget)
  },
  ljust: (text, args, budget) => aligned(text, args, 'left', budget),
  lower: (text) => text.toLowerCase(),
  lstrip: (text, args) => stripped(text, args, true, false),
  partition: (text, args) => partition(text, textAt(args, 0), text.indexOf(textAt(args, 0))),
  removeprefix: (text, args) => (text.startsWith(textAt(args, 0)) ? text.slice(textAt(args, 0).length) : text),
  removesuffix: (text, args) =>
    textAt(args, 0) !== '' && text.endsWith(textAt(args, 0)) ? text.slice(0, -textAt(args, 0).length) : text,
  replace: replaced,
  rfind: (text, args) => BigInt(text.lastIndexOf(textAt(args, 0))),
  rindex: (text, args) => found(text.lastIndexOf(textAt(args, 0))),
  rjust: (text, args, budget) => aligned(text, args, 'right', budget),
  rpartition: (text, args) => {
    const at = text.lastIndexOf(textAt(args, 0))
    return at < 0 ? new List(['', '', text], true) : partition(text, textAt(args, 0), at)
  },
  rsplit,
  rstrip: (text, args) => stripped(text, args, false, true),
  split,
  splitlines: (text) => new List(text.replace(/\r?\n$/, '').split(/\r\n|\r|\n/)),
  startswith: (text, args) => someText(args, (start) => text.startsWith(start)),
  strip: (text, args) => stripped(text, args, true, true),
  swapcase: (text) =>
    [...text].map((unit) => (unit === unit.toLowerCase() ? unit.toUpperCase() : unit.toLowerCase())).join(''),
  title: titled,
  upper: (text) => text.toUpperCase(),
  zfill: (text, args, budget) => {
    const width = integerAt(args, 0, 0)
    budget.checkSize(width)
    const sign = /^[-+]/.exec(text)?.[0] ?? ''
    return sign + text.slice(sign.length).padStart(width - sign.length, '0')
  },
}

const indexIn = ({ items }: List, value: Value): bigint => {
  const at = items.findIndex((item) => isEqual(item, value))
  if (at < 0) throw new TemplateRuntimeError('the value is not in the list')
  return BigInt(at)
}

const tupleMethods: Readonly<Record<string, Method<List>>> = {
  count: (list, args) => BigInt(list.items.filter((item) => isEqual(item, args.positional[0] ?? null)).length),
  index: (list, args) => indexIn(list, args.positional[0] ?? null),
}

const listMethods: Readonly<Record<string, Method<List>>> = {
  ...tupleMethods,
  append: ({ items }, args, budget) => {
    budget.spend(1)
    items.push(args.positional[0] ?? null)
    return null
  },
  clear: ({ items }) => {
    items.length = 0
    return null
  },
  copy: ({ items }) => new List([...items]),
  extend: ({ items }, args, budget) => {
    const more = iterate(args.positional[0] ?? null)
    budget.spend(more.length)
    for (const item of [...more]) items.push(item)
    return null
  },
  insert: ({ items }, args) => {
    items.splice(integerAt(args, 0, 0), 0, args.positional[1] ?? null)
    return null
  },
  pop: ({ items }, args) => {
    const at = integerAt(args, 0, -1)
    const [popped] = items.splice(at < 0 ? items.length + at : at, 1)
    if (popped === undefined) throw new TemplateRuntimeError('pop index out of range')
    return popped
  },
  remove: (list, args) => {
    list.items.splice(Number(indexIn(list, args.positional[0] ?? null)), 1)
    return null
  },
  reverse: ({ items }) => {
    items.reverse()
    return null
  },
  sort: ({ items }, args) => {
    items.sort((left, right) => compare(left, right))
    if (args.named.get('reverse') === true) items.reverse()
    return null
  },
}

const pairs = (dict: Dict): List[] => [...dict.map].map(([key, value]) => new List([key, value], true))

const dictMethods: Readonly<Record<string, Method<Dict>>> = {
  copy: ({ map }) => new Dict(new Map(map)),
  get: ({ map }, args) => map.get(args.positional[0] ?? null) ?? args.positional[1] ?? null,
  items: (dict) => new View('items', pairs(dict)),
  keys: ({ map }) => new View('keys', [...map.keys()]),
  pop: ({ map }, args) => {
    const key = args.positional[0] ?? null
    const value = map.get(key) ?? args.positional[1]
    if (value === undefined) throw new TemplateRuntimeError(typeof key === 'string' ? `'${key}'` : toText(key))
    map.delete(key)
    return value
  },
  setdefault: ({ map }, args) => {
    const key = args.positional[0] ?? null
    const value = map.get(key) ?? args.positional[1] ?? null
    map.set(key, value)
    return value
  },
  update: ({ map }, args) => {
    const other = args.positional[0]
    if (other instanceof Dict) for (const [key, value] of other.map) map.set(key, value)
    for (const [key, value] of args.named) map.set(key, value)
    return null
  },
  values: ({ map }) => new View('values', [...map.values()]),
}
