import { TemplateRuntimeError } from './errors.ts'
import type { Budget } from './limits.ts'
import {
  asInteger,
  type CallArguments,
  Callable,
  Dict,
  iterate,
  List,
  Namespace,
  Special,
  toText,
  type Value,
} from './values.ts'

/** Longest range(), as in jinja's sandbox. */
const maxRange = 100_000

const range = ({ positional }: CallArguments, budget: Budget): Value => {
  const numbers = positional.map((value) => asInteger(value, 'a bound of range'))
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0] ?? 0, 1] : [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 1]
  if (step === 0) throw new TemplateRuntimeError('range() arg 3 must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > maxRange) {
    throw new TemplateRuntimeError(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${maxRange}).`)
  }
  budget.spend(length)
  return new List(Array.from({ length }, (_, index) => BigInt(start + index * step)))
}

const dict = ({ positional, named }: CallArguments): Value => {
  const map = new Map<Value, Value>()
  const [source] = positional
  if (source instanceof Dict) for (const [key, value] of source.map) map.set(key, value)
  else if (source !== undefined) {
    for (const pair of iterate(source)) {
      const [key = null, value = null] = iterate(pair)
      map.set(key, value)
    }
  }
  for (const [key, value] of named) map.set(key, value)
  return new Dict(map)
}

const namespace = ({ positional, named }: CallArguments): Value => {
  const made = new Namespace()
  const [source] = positional
  if (source instanceof Dict) for (const [key, value] of source.map) made.attributes.set(toText(key), value)
  for (const [key, value] of named) made.attributes.set(key, value)
  return made
}

const cycler = ({ positional }: CallArguments): Value => {
  if (positional.length === 0) throw new TemplateRuntimeError('at least one item has to be provided')
  let at = 0
  const current = (): Value => positional[at] ?? null
  return new Special('<Cycler>', (name) => {
    if (name === 'current') return current()
    if (name === 'reset') {
      return new Callable(name, () => {
        at = 0
        return null
      })
    }
    if (name !== 'next') return undefined
    return new Callable(name, () => {
      const value = current()
      at = (at + 1) % positional.length
      return value
    })
  })
}

const joiner = ({ positional }: CallArguments): Value => {
  let isFirst = true
  return new Special(
    '<Joiner>',
    () => undefined,
    () => {
      if (!isFirst) return positional[0] ?? ', '
      isFirst = false
      return ''
    },
  )
}

/** Names that every template has, unless its data has them. */
export const globals = (budget: Budget): ReadonlyMap<string, Value> =>
  new Map<string, Value>([
    ['range', new Callable('range', (args) => range(args, budget))],
    ['dict', new Callable('dict', dict)],
    ['namespace', new Callable('namespace', namespace)],
    ['cycler', new Special("<class 'jinja2.utils.Cycler'>", () => undefined, cycler)],
    ['joiner', new Special("<class 'jinja2.utils.Joiner'>", () => undefined, joiner)],
    ['lipsum', new Callable('lipsum', () => 'Lorem ipsum dolor sit amet.')],
  ])
