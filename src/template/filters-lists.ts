import { TemplateRuntimeError } from './errors.ts'
import { argument, type Filter, type FilterContext, integerArgument } from './filter.ts'
import { Budget, defaultTemplateLimits } from './limits.ts'
import { binary } from './operators.ts'
import {
  compare,
  Dict,
  failIfUndefined,
  isEqual,
  isTrue,
  iterate,
  List,
  toText,
  typeName,
  Undefined,
  type Value,
  View,
} from './values.ts'

const itemsOf = (value: Value, context: FilterContext): readonly Value[] => {
  const items = iterate(value)
  context.spend(items.length)
  return items
}

/** A key for sorting and comparing: an attribute of the item, in lower case unless case counts. */
const keyBy =
  (context: FilterContext, attribute: Value | undefined, caseSensitive: boolean) =>
  (item: Value): Value => {
    const value = attribute === undefined || attribute === null ? item : attributesOf(item, attribute, context)
    return !caseSensitive && typeof value === 'string' ? value.toLowerCase() : value
  }

const attributesOf = (item: Value, attribute: Value, context: FilterContext): Value => {
  const paths = toText(attribute).split(',')
  const [only] = paths
  if (paths.length === 1 && only !== undefined) return context.attribute(item, only)
  return new List(paths.map((path) => context.attribute(item, path)))
}

const length: Filter = (value) => {
  if (typeof value === 'string') return BigInt([...value].length)
  if (value instanceof List || value instanceof View) return BigInt(value.items.length)
  if (value instanceof Dict) return BigInt(value.map.size)
  if (value instanceof Undefined) return 0n
  throw new TemplateRuntimeError(`object of type '${typeName(value)}' has no len()`)
}

const join: Filter = (value, args, context) => {
  const between = toText(argument(args, 0, 'd') ?? '')
  const attribute = argument(args, 1, 'attribute')
  const items = itemsOf(value, context)
  const texts = items.map((item) =>
    toText(attribute === undefined || attribute === null ? item : attributesOf(item, attribute, context)),
  )
  return texts.join(between)
}

const sort: Filter = (value, args, context) => {
  const reverse = isTrue(argument(args, 0, 'reverse') ?? false)
  const caseSensitive = isTrue(argument(args, 1, 'case_sensitive') ?? false)
  const key = keyBy(context, argument(args, 2, 'attribute'), caseSensitive)
  const keyed = itemsOf(value, context).map((item) => ({ item, key: key(item) }))
  keyed.sort((left, right) => compare(left.key, right.key) * (reverse ? -1 : 1))
  return new List(keyed.map(({ item }) => item))
}

const dictsort: Filter = (value, args) => {
  if (!(value instanceof Dict)) throw new TemplateRuntimeError('dictsort needs a mapping')
  const caseSensitive = isTrue(argument(args, 0, 'case_sensitive') ?? false)
  const at = argument(args, 1, 'by') === 'value' ? 1 : 0
  const reverse = isTrue(argument(args, 2, 'reverse') ?? false)
  const fold = (item: Value): Value => (typeof item === 'string' && !caseSensitive ? item.toLowerCase() : item)
  const pairs = [...value.map].sort((left, right) => compare(fold(left[at]), fold(right[at])) * (reverse ? -1 : 1))
  return new List(pairs.map((pair) => new List([...pair], true)))
}

const unique: Filter = (value, args, context) => {
  const caseSensitive = isTrue(argument(args, 0, 'case_sensitive') ?? false)
  const key = keyBy(context, argument(args, 1, 'attribute'), caseSensitive)
  const seen: Value[] = []
  return new List(
    itemsOf(value, context).filter((item) => {
      const own = key(item)
      context.spend(seen.length >> 4)
      if (seen.some((other) => isEqual(other, own))) return false
      seen.push(own)
      return true
    }),
  )
}

const extreme =
  (sign: 1 | -1): Filter =>
  (value, args, context) => {
    const caseSensitive = isTrue(argument(args, 0, 'case_sensitive') ?? false)
    const key = keyBy(context, argument(args, 1, 'attribute'), caseSensitive)
    const items = itemsOf(value, context)
    const [first] = items
    if (first === undefined) return new Undefined('', 'No aggregated item, sequence was empty.')
    return items.reduce((best, item) => (compare(key(item), key(best)) * sign > 0 ? item : best), first)
  }

const sum: Filter = (value, args, context) => {
  const attribute = argument(args, 0, 'attribute')
  const start = argument(args, 1, 'start') ?? 0n
  const budget = new Budget(defaultTemplateLimits)
  return itemsOf(value, context)
    .map((item) => (attribute === undefined || attribute === null ? item : attributesOf(item, attribute, context)))
    .reduce((total, item) => binary('+', total, item, budget), start)
}

const batch: Filter = (value, args, context) => {
  const size = Math.max(integerArgument(args, 0, 'linecount', 1), 1)
  const fill = argument(args, 1, 'fill_with')
  const items = itemsOf(value, context)
  const rows: Value[] = []
  for (let at = 0; at < items.length; at += size) {
    const row = items.slice(at, at + size)
    const missing = fill === undefined || fill === null ? 0 : size - row.length
    context.spend(missing)
    rows.push(new List([...row, ...Array.from({ length: missing }, () => fill ?? null)]))
  }
  return new List(rows)
}

const sliceInto: Filter = (value, args, context) => {
  const count = Math.max(integerArgument(args, 0, 'slices', 1), 1)
  const fill = argument(args, 1, 'fill_with')
  const items = itemsOf(value, context)
  context.spend(count)
  const size = Math.floor(items.length / count)
  const larger = items.length % count
  const columns: Value[] = []
  let at = 0
  for (let index = 0; index < count; index += 1) {
    const end = at + size + (index < larger ? 1 : 0)
    const column = [...items.slice(at, end)]
    if (fill !== undefined && fill !== null && index >= larger && larger > 0) column.push(fill)
    columns.push(new List(column))
    at = end
  }
  return new List(columns)
}

const groupby: Filter = (value, args, context) => {
  const attribute = argument(args, 0, 'attribute') ?? ''
  const caseSensitive = isTrue(argument(args, 2, 'case_sensitive') ?? false)
  const key = keyBy(context, attribute, caseSensitive)
  const sorted = itemsOf(value, context)
    .map((item) => ({ item, key: key(item) }))
    .sort((left, right) => compare(left.key, right.key))
  const groups: { key: Value; items: Value[] }[] = []
  for (const entry of sorted) {
    const last = groups.at(-1)
    if (last && isEqual(last.key, entry.key)) last.items.push(entry.item)
    else groups.push({ key: attributesOf(entry.item, attribute, context), items: [entry.item] })
  }
  return new List(groups.map((group) => new List([group.key, new List(group.items)], true)))
}

const chosen =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, args, context) => {
    const [attribute, ...afterAttribute] = args.positional
    const [name, ...rest] = byAttribute ? afterAttribute : args.positional
    const own = { positional: rest, named: args.named }
    return new List(
      itemsOf(value, context).filter((item) => {
        const subject = byAttribute ? attributesOf(item, attribute ?? '', context) : item
        return (typeof name === 'string' ? context.test(name, subject, own) : isTrue(subject)) === wanted
      }),
    )
  }

const reverse: Filter = (value, _args, context) =>
  typeof value === 'string' ? [...value].reverse().join('') : new List(itemsOf(value, context).toReversed())

const first: Filter = (value, _args, context) =>
  itemsOf(value, context)[0] ?? new Undefined('', 'No first item, sequence was empty.')

const last: Filter = (value, _args, context) =>
  itemsOf(value, context).at(-1) ?? new Undefined('', 'No last item, sequence was empty.')

const random: Filter = (value, _args, context) => {
  const items = itemsOf(value, context)
  return items[Math.floor(Math.random() * items.length)] ?? new Undefined('', 'No random item, sequence was empty.')
}

const items: Filter = (value) => {
  if (value instanceof Undefined) return new List([])
  if (!(value instanceof Dict)) throw new TemplateRuntimeError('Can only get item pairs from a mapping.')
  return new List([...value.map].map((pair) => new List([...pair], true)))
}

/** `map('upper')`, `map(attribute='name', default='x')`. */
const map: Filter = (value, { positional, named }, context) => {
  const list = itemsOf(value, context)
  const path = named.get('attribute')
  if (path !== undefined) {
    const otherwise = named.get('default')
    return new List(
      list.map((item) => {
        const found = attributesOf(item, path, context)
        return found instanceof Undefined && otherwise !== undefined ? otherwise : found
      }),
    )
  }
  const [name, ...rest] = positional
  if (typeof name !== 'string') throw new TemplateRuntimeError('map requires a filter argument')
  return new List(list.map((item) => context.filter(name, item, { positional: rest, named })))
}

export const listFilters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['batch', batch],
  ['count', length],
  ['dictsort', dictsort],
  ['first', first],
  ['groupby', groupby],
  ['items', items],
  ['join', join],
  ['last', last],
  ['length', length],
  [
    'list',
    (value, _args, context) => {
      if (value instanceof Undefined) return new List([])
      failIfUndefined(value)
      return new List([...itemsOf(value, context)])
    },
  ],
  ['map', map],
  ['max', extreme(1)],
  ['min', extreme(-1)],
  ['random', random],
  ['reject', chosen(false, false)],
  ['rejectattr', chosen(false, true)],
  ['reverse', reverse],
  ['select', chosen(true, false)],
  ['selectattr', chosen(true, true)],
  ['slice', sliceInto],
  ['sort', sort],
  ['sum', sum],
  ['unique', unique],
])
