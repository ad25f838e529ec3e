import { TemplateRuntimeError } from './errors.ts'
import { filterNames } from './filter-names.ts'
import { Budget, defaultTemplateLimits } from './limits.ts'
import { binary, isIn } from './operators.ts'
import {
  type CallArguments,
  Callable,
  compare,
  Dict,
  isEqual,
  List,
  numberOf,
  Special,
  toText,
  Undefined,
  type Value,
  View,
} from './values.ts'

export type Test = (value: Value, args: CallArguments) => boolean

const first = ({ positional }: CallArguments): Value => positional[0] ?? null

const remainder = (value: Value, by: Value): Value => binary('%', value, by, new Budget(defaultTemplateLimits))

const isMultiple = (value: Value, by: Value, rest: bigint): boolean => isEqual(remainder(value, by), rest)

const equal: Test = (value, args) => isEqual(value, first(args))
const less: Test = (value, args) => compare(value, first(args), '<') < 0
const lessOrEqual: Test = (value, args) => compare(value, first(args), '<=') <= 0
const more: Test = (value, args) => compare(value, first(args), '>') > 0
const moreOrEqual: Test = (value, args) => compare(value, first(args), '>=') >= 0
const unequal: Test = (value, args) => !isEqual(value, first(args))
const isDefined: Test = (value) => !(value instanceof Undefined)
const isSequence: Test = (value) =>
  typeof value === 'string' || value instanceof List || value instanceof Dict || value instanceof View

const isSame = (left: Value, right: Value): boolean => typeof left === typeof right && left === right

export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['boolean', (value) => typeof value === 'boolean'],
  ['callable', (value) => value instanceof Callable || (value instanceof Special && value.call !== undefined)],
  ['defined', isDefined],
  ['divisibleby', (value, args) => isMultiple(value, first(args), 0n)],
  ['eq', equal],
  ['equalto', equal],
  ['==', equal],
  ['escaped', () => false],
  ['even', (value) => isMultiple(value, 2n, 0n)],
  ['false', (value) => value === false],
  ['filter', (value) => filterNames.has(toText(value))],
  ['float', (value) => typeof value === 'number'],
  ['ge', moreOrEqual],
  ['>=', moreOrEqual],
  ['gt', more],
  ['greaterthan', more],
  ['>', more],
  ['in', (value, args) => isIn(value, first(args))],
  ['integer', (value) => typeof value === 'bigint'],
  ['iterable', isSequence],
  ['le', lessOrEqual],
  ['<=', lessOrEqual],
  ['lower', (value) => toText(value) === toText(value).toLowerCase() && toText(value) !== toText(value).toUpperCase()],
  ['lt', less],
  ['lessthan', less],
  ['<', less],
  ['mapping', (value) => value instanceof Dict],
  ['ne', unequal],
  ['!=', unequal],
  ['none', (value) => value === null],
  ['number', (value) => numberOf(value) !== undefined],
  ['odd', (value) => isMultiple(value, 2n, 1n)],
  ['sameas', (value, args) => isSame(value, first(args))],
  ['sequence', isSequence],
  ['string', (value) => typeof value === 'string'],
  ['test', (value) => tests.has(toText(value))],
  ['true', (value) => value === true],
  ['undefined', (value) => value instanceof Undefined],
  ['upper', (value) => toText(value) === toText(value).toUpperCase() && toText(value) !== toText(value).toLowerCase()],
])

/** A test by name. @throws TemplateRuntimeError */
export const testNamed = (name: string): Test => {
  const test = tests.get(name)
  if (test === undefined) throw new TemplateRuntimeError(`No test named '${name}'.`)
  return test
}
