import { hasType, itemSchema, patternOf, type SchemaNode, typesOf } from '../cloudconfig/schema-node.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { fromJson, isEqual, repr } from '../template/values.ts'
import { isOfFormat } from './formats.ts'

export type Path = readonly (string | number)[]

/** One thing that a schema has to say about a value. */
export interface SchemaProblem {
  readonly path: Path
  /** In the words of Python's jsonschema, which scripts and people know from cloud-init. */
  readonly message: string
  /** The keyword of the schema that speaks. */
  readonly keyword: string
  /** Works, and should not be used any more. */
  readonly isDeprecated: boolean
  /** What the alternatives of an `anyOf` had to say. */
  readonly context?: readonly SchemaProblem[]
}

/** Everything that a schema (JSON schema draft 4, with cloud-init's deprecations) has to say about a value. */
export const checkValue = (value: Json, schema: SchemaNode): SchemaProblem[] =>
  check(value, schema, [], { root: schema }).flatMap(withFirstCause)

/** An `anyOf` that does not hold is told with the first thing that one of its alternatives said. */
const withFirstCause = (problem: SchemaProblem): SchemaProblem[] => {
  if (!problem.context) return [problem]
  const [first] = [...problem.context].sort((left, right) => left.path.length - right.path.length)
  return first ? [...withFirstCause(first), problem] : [problem]
}

interface Context {
  /** For `$ref`. */
  readonly root: SchemaNode
}

type Keyword = (value: Json, schema: SchemaNode, path: Path, context: Context) => SchemaProblem[]

const check = (value: Json, schema: SchemaNode, path: Path, context: Context): SchemaProblem[] => {
  const resolved = resolve(schema, context)
  return Object.keys(resolved).flatMap((name) => {
    const keyword = Object.hasOwn(keywords, name) ? keywords[name] : undefined
    return keyword ? keyword(value, resolved, path, context) : []
  })
}

/** `{$ref: '#/$defs/name'}` stands for what it names. */
const resolve = (schema: SchemaNode, { root }: Context): SchemaNode => {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1]
  const target = name === undefined ? undefined : root.$defs?.[name]
  return target ?? schema
}

const problem = (path: Path, keyword: string, message: string): SchemaProblem => ({
  path,
  keyword,
  message,
  isDeprecated: false,
})

const shown = (value: Json): string => repr(fromJson(value))

const listed = (values: readonly Json[]): string => values.map(shown).join(', ')

const same = (left: Json, right: Json): boolean =>
  typeof left === typeof right && isEqual(fromJson(left), fromJson(right))

const checkType: Keyword = (value, schema, path) =>
  hasType(value, schema)
    ? []
    : [problem(path, 'type', `${shown(value)} is not of type ${listed([...typesOf(schema)])}`)]

const checkEnum: Keyword = (value, schema, path) => {
  const allowed = schema.enum ?? []
  if (allowed.some((candidate) => same(candidate, value))) return []
  return [problem(path, 'enum', `${shown(value)} is not one of [${listed(allowed)}]`)]
}

const checkProperties: Keyword = (value, { properties = {} }, path, context) => {
  if (!isJsonObject(value)) return []
  return Object.entries(properties).flatMap(([key, schema]) => {
    const item = Object.hasOwn(value, key) ? value[key] : undefined
    return item === undefined ? [] : check(item, schema, [...path, key], context)
  })
}

const checkPatternProperties: Keyword = (value, { patternProperties = {} }, path, context) => {
  if (!isJsonObject(value)) return []
  return Object.entries(patternProperties).flatMap(([pattern, schema]) =>
    Object.entries(value)
      .filter(([key]) => patternOf(pattern).test(key))
      .flatMap(([key, item]) => check(item, schema, [...path, key], context)),
  )
}

const checkAdditionalProperties: Keyword = (value, schema, path, context) => {
  if (!isJsonObject(value)) return []
  const patterns = Object.keys(schema.patternProperties ?? {})
  const extras = Object.keys(value).filter(
    (key) => !Object.hasOwn(schema.properties ?? {}, key) && !patterns.some((pattern) => patternOf(pattern).test(key)),
  )
  const { additionalProperties } = schema
  if (typeof additionalProperties === 'object') {
    return extras.flatMap((key) => check(value[key] ?? null, additionalProperties, [...path, key], context))
  }
  if (additionalProperties !== false || extras.length === 0) return []
  if (patterns.length > 0) {
    const verb = extras.length === 1 ? 'does' : 'do'
    const regexes = listed([...patterns].sort())
    const message = `${listed([...extras].sort())} ${verb} not match any of the regexes: ${regexes}`
    return [problem(path, 'additionalProperties', message)]
  }
  const verb = extras.length === 1 ? 'was' : 'were'
  const names = listed([...extras].sort())
  return [problem(path, 'additionalProperties', `Additional properties are not allowed (${names} ${verb} unexpected)`)]
}

const checkRequired: Keyword = (value, { required = [] }, path) => {
  if (!isJsonObject(value)) return []
  return required
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => problem(path, 'required', `${shown(key)} is a required property`))
}

const checkDependencies: Keyword = (value, { dependencies = {} }, path, context) => {
  if (!isJsonObject(value)) return []
  return Object.entries(dependencies).flatMap(([key, needed]) => {
    if (!Object.hasOwn(value, key)) return []
    if (!isList(needed)) return check(value, needed, path, context)
    return needed
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => problem(path, 'dependencies', `${shown(name)} is a dependency of ${shown(key)}`))
  })
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value)

const checkItems: Keyword = (value, schema, path, context) => {
  if (!Array.isArray(value)) return []
  return value.flatMap((item, index) => {
    const own = itemSchema(schema, index)
    return own ? check(item, own, [...path, index], context) : []
  })
}

const checkAdditionalItems: Keyword = (value, schema, path) => {
  const { items, additionalItems } = schema
  if (!Array.isArray(value) || !Array.isArray(items) || additionalItems !== false) return []
  const extras = value.slice(items.length)
  if (extras.length === 0) return []
  const verb = extras.length === 1 ? 'was' : 'were'
  return [problem(path, 'additionalItems', `Additional items are not allowed (${listed(extras)} ${verb} unexpected)`)]
}

const hasRepeats = (list: readonly Json[]): boolean => {
  const seen = new Set(list.map((item) => JSON.stringify(item)))
  return seen.size < list.length
}

const checkUniqueItems: Keyword = (value, { uniqueItems }, path) =>
  uniqueItems && Array.isArray(value) && hasRepeats(value)
    ? [problem(path, 'uniqueItems', `${shown(value)} has non-unique elements`)]
    : []

const size =
  (
    keyword: string,
    message: string,
    sizeOf: (value: Json) => number | undefined,
    isWrong: (size: number, limit: number) => boolean,
  ): Keyword =>
  (value, schema, path) => {
    const actual = sizeOf(value)
    const limit = (schema as Readonly<Record<string, unknown>>)[keyword]
    if (actual === undefined || typeof limit !== 'number' || !isWrong(actual, limit)) return []
    return [problem(path, keyword, `${shown(value)} ${message}`)]
  }

const listLength = (value: Json): number | undefined => (Array.isArray(value) ? value.length : undefined)
const textLength = (value: Json): number | undefined => (typeof value === 'string' ? [...value].length : undefined)
const keyCount = (value: Json): number | undefined => (isJsonObject(value) ? Object.keys(value).length : undefined)
const isLess = (actual: number, limit: number): boolean => actual < limit
const isMore = (actual: number, limit: number): boolean => actual > limit

const checkMinimum: Keyword = (value, { minimum }, path) =>
  typeof value === 'number' && minimum !== undefined && value < minimum
    ? [problem(path, 'minimum', `${shown(value)} is less than the minimum of ${minimum}`)]
    : []

const checkMaximum: Keyword = (value, { maximum }, path) =>
  typeof value === 'number' && maximum !== undefined && value > maximum
    ? [problem(path, 'maximum', `${shown(value)} is greater than the maximum of ${maximum}`)]
    : []

const checkPattern: Keyword = (value, { pattern }, path) =>
  typeof value === 'string' && pattern !== undefined && !patternOf(pattern).test(value)
    ? [problem(path, 'pattern', `${shown(value)} does not match ${shown(pattern)}`)]
    : []

const checkFormat: Keyword = (value, { format }, path) =>
  typeof value === 'string' && format !== undefined && !isOfFormat(value, format)
    ? [problem(path, 'format', `${shown(value)} is not a ${shown(format)}`)]
    : []

const checkNot: Keyword = (value, { not }, path, context) => {
  if (!not || check(value, not, path, context).some(({ isDeprecated }) => !isDeprecated)) return []
  return [problem(path, 'not', `${shown(value)} should not be valid under ${shown(not as unknown as JsonObject)}`)]
}

const checkAllOf: Keyword = (value, { allOf = [] }, path, context) =>
  allOf.flatMap((branch) => check(value, branch, path, context))

/** What each alternative says, up to the first that holds: `held` are then its deprecations. */
const tryBranches = (
  branches: readonly SchemaNode[],
  value: Json,
  path: Path,
  context: Context,
): { readonly held?: SchemaProblem[]; readonly errors: SchemaProblem[] } => {
  const errors: SchemaProblem[] = []
  for (const branch of branches) {
    const all = check(value, branch, path, context)
    const own = all.filter(({ isDeprecated }) => !isDeprecated)
    if (own.length === 0) return { held: all, errors: [] }
    errors.push(...own)
  }
  return { errors }
}

const notAny = (value: Json): string => `${shown(value)} is not valid under any of the given schemas`

const checkAnyOf: Keyword = (value, { anyOf = [] }, path, context) => {
  const own = branchesByType(anyOf, value)
  const { held, errors } = tryBranches(own ?? anyOf, value, path, context)
  // Of a type that there is not, what the other types would have inside says nothing.
  const causes = own ? errors : errors.filter((error) => error.path.length === path.length)
  return held ?? [{ ...problem(path, 'anyOf', notAny(value)), context: causes }]
}

/** Of alternatives that are told apart by a key `type`, those for the value's own; undefined when it is none of them. */
const branchesByType = (branches: readonly SchemaNode[], value: Json): readonly SchemaNode[] | undefined => {
  const type = isJsonObject(value) ? value['type'] : undefined
  if (type === undefined) return branches
  const own = branches.filter(({ properties }) => {
    const types = properties?.['type']?.enum
    return types === undefined || types.some((allowed) => same(allowed, type))
  })
  return own.length > 0 ? own : undefined
}

/** Of alternatives that all fail, what goes deepest into the value is most likely what was meant. */
const checkOneOf: Keyword = (value, { oneOf = [] }, path, context) => {
  const { held, errors } = tryBranches(oneOf, value, path, context)
  if (!held) return deepest(errors.flatMap(leaves))
  return held
}

const leaves = (problem: SchemaProblem): SchemaProblem[] => problem.context?.flatMap(leaves) ?? [problem]

const deepest = (problems: readonly SchemaProblem[]): SchemaProblem[] => {
  const depth = Math.max(...problems.map(({ path }) => path.length))
  return problems.filter(({ path }) => path.length === depth)
}

const deprecation =
  (keyword: 'deprecated' | 'changed', verb: string): Keyword =>
  (_value, schema, path) => {
    if (schema[keyword] !== true) return []
    const version = schema[`${keyword}_version`]
    const more = schema[`${keyword}_description`]
    const parts = [schema.description ?? '', version && `${verb} in version ${version}.`, more]
    const message = parts
      .filter((part) => part !== undefined)
      .join(' ')
      .trimEnd()
    return [{ path, keyword, message, isDeprecated: true }]
  }

const keywords: Readonly<Record<string, Keyword>> = {
  type: checkType,
  enum: checkEnum,
  properties: checkProperties,
  patternProperties: checkPatternProperties,
  additionalProperties: checkAdditionalProperties,
  required: checkRequired,
  dependencies: checkDependencies,
  items: checkItems,
  additionalItems: checkAdditionalItems,
  uniqueItems: checkUniqueItems,
  minItems: size('minItems', 'is too short', listLength, isLess),
  maxItems: size('maxItems', 'is too long', listLength, isMore),
  minLength: size('minLength', 'is too short', textLength, isLess),
  maxLength: size('maxLength', 'is too long', textLength, isMore),
  minProperties: size('minProperties', 'does not have enough properties', keyCount, isLess),
  maxProperties: size('maxProperties', 'has too many properties', keyCount, isMore),
  minimum: checkMinimum,
  maximum: checkMaximum,
  pattern: checkPattern,
  format: checkFormat,
  not: checkNot,
  allOf: checkAllOf,
  anyOf: checkAnyOf,
  oneOf: checkOneOf,
  deprecated: deprecation('deprecated', 'Deprecated'),
  changed: deprecation('changed', 'Changed'),
}
