import { TemplateRuntimeError } from './errors.ts'
import { Callable, isEqual, List, Special, Undefined, type Value } from './values.ts'

export interface LoopState {
  index: number
  readonly items: readonly Value[]
  readonly depth: number
}

/** The variable `loop` inside a for loop. */
export const loopObject = (state: LoopState, recurse: ((below: Value) => Value) | undefined): Special => {
  let changedTo: List | undefined
  const attributes: Readonly<Record<string, () => Value>> = {
    index: () => BigInt(state.index + 1),
    index0: () => BigInt(state.index),
    revindex: () => BigInt(state.items.length - state.index),
    revindex0: () => BigInt(state.items.length - state.index - 1),
    first: () => state.index === 0,
    last: () => state.index === state.items.length - 1,
    length: () => BigInt(state.items.length),
    depth: () => BigInt(state.depth + 1),
    depth0: () => BigInt(state.depth),
    previtem: () => state.items[state.index - 1] ?? new Undefined('previtem', 'there is no previous item'),
    nextitem: () => state.items[state.index + 1] ?? new Undefined('nextitem', 'there is no next item'),
    cycle: () =>
      new Callable('cycle', ({ positional }) => {
        const value = positional[state.index % Math.max(positional.length, 1)]
        if (value === undefined) throw new TemplateRuntimeError('no items for cycling given')
        return value
      }),
    changed: () =>
      new Callable('changed', ({ positional }) => {
        const now = new List([...positional])
        const isChanged = changedTo === undefined || !isEqual(changedTo, now)
        changedTo = now
        return isChanged
      }),
  }
  return new Special(
    `<LoopContext ${state.index + 1}/${state.items.length}>`,
    (name) => (Object.hasOwn(attributes, name) ? attributes[name]?.() : undefined),
    ({ positional }) => {
      if (recurse === undefined) {
        throw new TemplateRuntimeError("The loop must have the 'recursive' marker to be called recursively.")
      }
      return recurse(positional[0] ?? null)
    },
  )
}
