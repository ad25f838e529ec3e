import { asInteger, type CallArguments, type Value } from './values.ts'

/** What a filter may ask of the interpreter. */
export interface FilterContext {
  /** `a.b.0` of a value. */
  attribute(value: Value, path: string): Value
  filter(name: string, input: Value, args: CallArguments): Value
  test(name: string, input: Value, args: CallArguments): boolean
  method(value: Value, name: string): Value | undefined
  spend(steps: number): void
}

export type Filter = (value: Value, args: CallArguments, context: FilterContext) => Value

/** An argument by place or name. */
export const argument = ({ positional, named }: CallArguments, index: number, name: string): Value | undefined =>
  positional[index] ?? named.get(name)

export const integerArgument = (args: CallArguments, index: number, name: string, otherwise: number): number => {
  const value = argument(args, index, name)
  return value === undefined || value === null ? otherwise : asInteger(value, name)
}
