import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import type { LayerName } from './layers.ts'
import type { MergeStrategy } from './merge-rules.ts'
import type { Position } from './yaml.ts'

/** Where a value was written. Lines and columns count from 1. */
export interface Origin {
  readonly layer: LayerName
  /** For people: `/etc/cloud/cloud.cfg`, `user-data`, `kernel command line`. */
  readonly source: string
  /** Name of the part of user-data or vendor-data; line and column count in it. */
  readonly part?: string
  /** The part is a template: lines are those of the rendered text. */
  readonly isRendered?: true
  readonly line?: number
  readonly column?: number
}

/** A value that another one won against. */
export interface Dropped {
  readonly origin: Origin
  readonly value: Json
}

/** Where a value and everything in it comes from: as deep as the value. */
export interface Trace {
  readonly origin: Origin
  /** What stood for the same thing elsewhere and does not count, the most important first. */
  readonly overrode: readonly Dropped[]
  readonly keys?: ReadonlyMap<string, Trace>
  readonly items?: readonly Trace[]
  /** Of a text that was put together: where its other pieces come from. */
  readonly others?: readonly Origin[]
}

export interface Traced<T extends Json = Json> {
  readonly value: T
  readonly trace: Trace
}

/** The trace of a value that was just read. Without positions everything has the origin of the whole. */
export const traceOf = (value: Json, origin: Origin, position?: Position): Trace => {
  const here = position ? { ...origin, line: position.line, column: position.column } : origin
  if (Array.isArray(value)) {
    return { origin: here, overrode: [], items: value.map((item, at) => traceOf(item, here, position?.items?.[at])) }
  }
  if (!isJsonObject(value)) return { origin: here, overrode: [] }
  const keys = Object.entries(value).map(([key, item]): [string, Trace] => {
    const place = position?.keys?.get(key)
    const trace = traceOf(item, place ? { ...here, ...lineOf(place.key) } : here, place?.value)
    // A mapping entry stands where its key does, also when its value begins on the next line.
    return [key, place ? { ...trace, origin: { ...here, ...lineOf(place.key) } } : trace]
  })
  return { origin: here, overrode: [], keys: new Map(keys) }
}

const lineOf = ({ line, column }: Position) => ({ line, column })

/**
 * Says where everything in `after` comes from, which a merge has made of `before` and `from`. The merge itself is not
 * done again: what it kept is known by being the same value.
 * @param strategy by which it was merged: decides between equal values, and whose items of a list come first
 */
export const attribute = (before: Traced, from: Traced, after: Json, strategy: MergeStrategy): Trace => {
  const isWhole = after === before.value || after === from.value
  if (!isWhole && isJsonObject(after) && isJsonObject(before.value) && isJsonObject(from.value)) {
    return attributeMapping(before as Traced<JsonObject>, from as Traced<JsonObject>, after, strategy)
  }
  if (!isWhole && Array.isArray(after) && Array.isArray(before.value)) {
    return attributeList(before as Traced<Json[]>, from, after, strategy)
  }
  const isNew = Object.is(after, from.value)
  if (isNew && (strategy.dict?.replace === true || after !== before.value)) return winner(from, before)
  if (after === before.value) return winner(before, from)
  // Text with text at its end.
  return { ...before.trace, others: [...(before.trace.others ?? []), from.trace.origin] }
}

const winner = ({ trace }: Traced, lost: Traced): Trace => ({
  ...trace,
  overrode: [...trace.overrode, { origin: lost.trace.origin, value: lost.value }, ...lost.trace.overrode],
})

/** What stands under a key or index of a traced value; undefined when nothing does. */
export const childOf = ({ value, trace }: Traced, step: string | number): Traced | undefined => {
  if (typeof step === 'number') {
    const item = Array.isArray(value) ? value[step] : undefined
    return item === undefined ? undefined : { value: item, trace: trace.items?.[step] ?? bare(trace) }
  }
  const entry = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  return entry === undefined ? undefined : { value: entry, trace: trace.keys?.get(step) ?? bare(trace) }
}

const bare = ({ origin }: Trace): Trace => ({ origin, overrode: [] })

const attributeMapping = (
  before: Traced<JsonObject>,
  from: Traced<JsonObject>,
  after: JsonObject,
  strategy: MergeStrategy,
): Trace => {
  const keys = Object.entries(after).map(([key, value]): [string, Trace] => {
    const [old, added] = [childOf(before, key), childOf(from, key)]
    if (old && added) return [key, attribute(old, added, value, strategy)]
    return [key, (old ?? added)?.trace ?? bare(from.trace)]
  })
  const isEmpty = Object.keys(before.value).length === 0
  return { ...(isEmpty ? from.trace : before.trace), keys: new Map(keys) }
}

const attributeList = (
  before: Traced<Json[]>,
  from: Traced,
  after: readonly Json[],
  strategy: MergeStrategy,
): Trace => {
  const added = after.length - before.value.length
  const method = strategy.list?.method
  const isPrepended = method === 'prepend'
  if (method !== 'append' && !isPrepended) return attributeItems(before, from, after, strategy)
  const items = after.map((_item, at) => {
    const isAdded = isPrepended ? at < added : at >= before.value.length
    const [source, index] = isAdded
      ? [from, isPrepended ? at : at - before.value.length]
      : [before, isPrepended ? at - added : at]
    return source.trace.items?.[index] ?? bare(source.trace)
  })
  return { ...before.trace, items, others: [...(before.trace.others ?? []), from.trace.origin] }
}

const attributeItems = (before: Traced, from: Traced, after: readonly Json[], strategy: MergeStrategy): Trace => {
  const items = after.map((item, at) => {
    const [old, added] = [childOf(before, at), childOf(from, at)]
    if (old && added) return attribute(old, added, item, strategy)
    return (old ?? added)?.trace ?? bare(before.trace)
  })
  return { ...before.trace, items }
}

/** Says where everything comes from after a change at single places, as a JSON patch makes them. */
export const attributeChange = (before: Traced, after: Json, origin: Origin): Trace => {
  if (after === before.value) return before.trace
  if (isJsonObject(after) && isJsonObject(before.value)) {
    const keys = Object.entries(after).map(([key, value]): [string, Trace] => {
      const old = childOf(before, key)
      return [key, old ? attributeChange(old, value, origin) : traceOf(value, origin)]
    })
    return { ...before.trace, keys: new Map(keys) }
  }
  if (Array.isArray(after) && Array.isArray(before.value)) {
    const known = new Map(before.value.map((item, at) => [item, childOf(before, at)]))
    return { ...before.trace, items: after.map((item) => known.get(item)?.trace ?? traceOf(item, origin)) }
  }
  return winner({ value: after, trace: traceOf(after, origin) }, before)
}
