import { isJsonObject, type Json } from '../machine/json.ts'
import { type KeyPath, showKeyPath } from './key-path.ts'
import { childOf, type Dropped, type Origin, type Traced } from './origins.ts'

/** Why a key has the value it has. */
export interface Answer {
  readonly path: KeyPath
  readonly traced: Traced
  /** What did not win, most important first; `path` is the key that was replaced as a whole, or the asked one. */
  readonly overrode: readonly (Dropped & { readonly path: KeyPath })[]
}

/** Why a key is as it is. `missing`: there is no such key; the path leads to what is missing. */
export const explainKey = (config: Traced, path: KeyPath): Answer | { readonly missing: KeyPath } => {
  const overrode: (Dropped & { path: KeyPath })[] = []
  let traced = config
  for (const [at, step] of path.entries()) {
    const isIndex = Array.isArray(traced.value) && typeof step === 'string' && /^\d+$/.test(step)
    const next = childOf(traced, isIndex ? Number(step) : step)
    if (!next) return { missing: path.slice(0, at + 1) }
    traced = next
    // Of a mapping that lost, only what stood for the asked key is of interest. Items of another list are other things.
    for (const dropped of traced.trace.overrode) {
      const inside = valueAt(dropped.value, path.slice(at + 1))
      if (inside === undefined) overrode.push({ ...dropped, path: path.slice(0, at + 1) })
      else overrode.push({ origin: dropped.origin, value: inside, path })
    }
  }
  return { path, traced, overrode }
}

const valueAt = (value: Json, path: KeyPath): Json | undefined =>
  path.reduce<Json | undefined>(
    (inner, step) => (isJsonObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined),
    value,
  )

/** A value that gave way to another one. */
export interface Loss {
  readonly path: KeyPath
  readonly winner: Origin
  readonly dropped: Dropped
}

/** Every value that was dropped for one that is not the same. */
export const findLosses = (traced: Traced, path: KeyPath = []): Loss[] => {
  const { value, trace } = traced
  const own = trace.overrode
    .filter((dropped) => JSON.stringify(dropped.value) !== JSON.stringify(value))
    .map((dropped): Loss => ({ path, winner: trace.origin, dropped }))
  const steps: (string | number)[] = Array.isArray(value)
    ? [...value.keys()]
    : isJsonObject(value)
      ? Object.keys(value)
      : []
  const inner = steps.flatMap((step) => {
    const child = childOf(traced, step)
    return child ? findLosses(child, [...path, step]) : []
  })
  return [...own, ...inner]
}

/** `user-data, part-001, line 3`, `/etc/cloud/cloud.cfg, line 12`. */
export const showOrigin = ({ source, part, isRendered, line }: Origin): string =>
  [
    source,
    ...(part === undefined ? [] : [part]),
    ...(line === undefined ? [] : [`line ${line}${isRendered ? ' (rendered)' : ''}`]),
  ].join(', ')

/** How much a value is, without showing it: it may be a secret. */
const amountOf = (value: Json): string => {
  const count = Array.isArray(value) ? value.length : isJsonObject(value) ? Object.keys(value).length : undefined
  if (count === undefined) return 'the value'
  const [one, many] = Array.isArray(value) ? ['item', 'items'] : ['key', 'keys']
  return `${count} ${count === 1 ? one : many}`
}

/** A loss as one line; what to do about it where a setting helps. */
export const showLoss = ({ path, winner, dropped }: Loss): string => {
  const { origin, value } = dropped
  const setting = origin.layer === 'vendor-data' ? 'vendor_data' : 'vendor_data2'
  const isVendorList = Array.isArray(value) && origin.layer.startsWith('vendor-data') && winner.layer !== origin.layer
  const hint = isVendorList ? ` (${setting}: {merge: append} keeps both)` : ''
  return `${showKeyPath(path)}: ${amountOf(value)} of ${showOrigin(origin)} not used: replaced by ${showOrigin(winner)}${hint}`
}
