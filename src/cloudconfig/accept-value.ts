import type { Json, JsonObject } from '../machine/json.ts'
import { isJsonObject } from '../machine/json.ts'
import { nearestName } from './nearest.ts'
import {
  hasDeprecations,
  hasType,
  itemSchema,
  patternOf,
  propertySchemas,
  type SchemaNode,
  type TypeName,
  typeOf,
  typesOf,
} from './schema-node.ts'

/** What was found wrong, outdated or converted in a value; each at the smallest key or item that it concerns. */
export interface Finding {
  readonly kind: 'error' | 'warning' | 'deprecated' | 'note'
  /** `users[2].shell` */
  readonly path: string
  readonly text: string
}

/** A value that fits its schema, or nothing when it can't be made to. */
export type Accepted = { readonly value: Json } | undefined

/**
 * Makes a value fit a schema: scalars are converted where that is safe, what does not fit is left out (the smallest list
 * item or key that holds it). Everything done is added to `findings`.
 */
export const acceptValue = (value: Json, schema: SchemaNode, path: string, findings: Finding[]): Accepted => {
  if (schema.accepted) return acceptValue(value, schema.accepted, path, findings)
  const alternatives = schema.oneOf ?? schema.anyOf
  const branches = alternatives?.filter((branch) => !isMereConstraint(branch))
  if (branches && branches.length > 0 && typesOf(schema).length === 0) {
    return acceptBranch(value, schema, branches, path, findings)
  }
  noteDeprecation(schema, path, findings)
  const converted = convert(value, schema, path, findings)
  if (converted === undefined) {
    findings.push({ kind: 'error', path, text: `expected ${describeTypes(schema)}, found ${describe(value)}` })
    return undefined
  }
  const problem = problemOf(converted, schema)
  if (problem !== undefined) {
    findings.push({ kind: 'error', path, text: problem })
    return undefined
  }
  const before = findings.length
  const accepted = Array.isArray(converted)
    ? acceptList(converted, schema, path, findings)
    : isJsonObject(converted)
      ? acceptMapping(converted, schema, path, findings)
      : { value: converted }
  if (accepted === undefined || !alternatives || alternatives.some((branch) => fits(accepted.value, branch))) {
    return accepted
  }
  // A constraint that fails only because a key was left out says nothing new.
  const isReported = findings.slice(before).some(({ kind }) => kind === 'error')
  if (!isReported) findings.push({ kind: 'error', path, text: describeConstraints(alternatives) })
  return undefined
}

/** A branch such as `{required: [name]}` says something about the value beside it; it is no form of its own. */
const isMereConstraint = (schema: SchemaNode): boolean =>
  typesOf(schema).length === 0 && !schema.enum && !schema.properties && !schema.oneOf && !schema.anyOf && !schema.const

const acceptBranch = (
  value: Json,
  schema: SchemaNode,
  branches: readonly SchemaNode[],
  path: string,
  findings: Finding[],
): Accepted => {
  noteDeprecation(schema, path, findings)
  const fitting = branches.find((branch) => fits(value, branch))
  if (fitting) return hasDeprecations(fitting) ? acceptValue(value, fitting, path, findings) : { value }
  const candidates = branches.filter((branch) => hasType(value, branch))
  const attempts = (candidates.length > 0 ? candidates : branches).map((branch) => {
    const own: Finding[] = []
    return { accepted: acceptValue(value, branch, path, own), own }
  })
  const cost = (own: readonly Finding[]): number =>
    own.filter(({ kind }) => kind === 'error' || kind === 'warning').length
  const best = attempts
    .filter(({ accepted }) => accepted !== undefined)
    .sort((left, right) => cost(left.own) - cost(right.own))[0]
  if (best) {
    findings.push(...best.own)
    return best.accepted
  }
  const only = attempts.length === 1 ? attempts[0] : undefined
  const text = `expected ${listed(branches.map(describeTypes))}, found ${describe(value)}`
  findings.push(...(only && candidates.length > 0 ? only.own : [{ kind: 'error' as const, path, text }]))
  return undefined
}

const noteDeprecation = (schema: SchemaNode, path: string, findings: Finding[]): void => {
  if (schema.deprecated) {
    const since = schema.deprecated_version ? `deprecated since ${schema.deprecated_version}` : 'deprecated'
    findings.push({ kind: 'deprecated', path, text: joined(since, schema.deprecated_description) })
  }
  if (schema.changed) {
    const since = schema.changed_version
      ? `this form has changed in ${schema.changed_version}`
      : 'this form has changed'
    findings.push({ kind: 'deprecated', path, text: joined(since, schema.changed_description) })
  }
}

const joined = (start: string, text: string | undefined): string =>
  text === undefined ? start : `${start}: ${text.replaceAll('**', '').replaceAll('``', '`')}`

/** The value in a type that the schema has, or undefined when there is no safe way. */
const convert = (value: Json, schema: SchemaNode, path: string, findings: Finding[]): Json | undefined => {
  const listed = listedBoolean(value, schema)
  if (listed !== undefined) {
    findings.push({ kind: 'note', path, text: `${describe(value)} is taken as ${listed}` })
    return listed
  }
  if (hasType(value, schema)) return value
  for (const type of typesOf(schema)) {
    const converted = convertTo(value, type, schema)
    if (converted === undefined) continue
    findings.push({ kind: 'note', path, text: `${describe(value)} is taken as ${typeNames[type]}` })
    return converted
  }
  return undefined
}

/** `yes` in quotes, where true is one of the values that the schema lists and `yes` is not. */
const listedBoolean = (value: Json, schema: SchemaNode): boolean | undefined => {
  if (typeof value === 'boolean' || !schema.enum || schema.enum.includes(value)) return undefined
  const converted = convertTo(value, 'boolean', schema)
  return typeof converted === 'boolean' && schema.enum.includes(converted) ? converted : undefined
}

const convertTo = (value: Json, type: TypeName, schema: SchemaNode): Json | undefined => {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  if (!isScalar) return undefined
  const text = String(value).trim().toLowerCase()
  switch (type) {
    case 'string':
      // As Python writes it: user-data that was written for cloud-init may count on it.
      return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
    case 'boolean':
      return ['true', 'yes', 'on', '1'].includes(text)
        ? true
        : ['false', 'no', 'off', '0'].includes(text)
          ? false
          : undefined
    case 'integer':
      return typeof value === 'string' && /^[-+]?[0-9]{1,15}$/.test(text) ? Number(text) : undefined
    case 'number':
      return typeof value === 'string' && /^[-+]?[0-9]{1,15}(\.[0-9]+)?$/.test(text) ? Number(text) : undefined
    case 'array': {
      const item = itemSchema(schema, 0)
      return item && typeof value === 'string' && fits(value, item) ? [value] : undefined
    }
    default:
      return undefined
  }
}

/** What is wrong with a value of the right type, beside its items and keys; undefined: nothing. */
const problemOf = (value: Json, schema: SchemaNode): string | undefined => {
  if (schema.enum && !schema.enum.includes(value)) {
    return `expected one of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`
  }
  if (typeof value === 'string' && schema.pattern !== undefined && !patternOf(schema.pattern).test(value)) {
    return `the text does not match ${schema.pattern}`
  }
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) return `must be at least ${schema.minimum}`
    if (schema.maximum !== undefined && value > schema.maximum) return `must be at most ${schema.maximum}`
  }
  return undefined
}

const acceptList = (list: readonly Json[], schema: SchemaNode, path: string, findings: Finding[]): Accepted => {
  const isTuple = Array.isArray(schema.items)
  const value: Json[] = []
  for (const [index, item] of list.entries()) {
    const own = itemSchema(schema, index)
    const accepted = own ? acceptValue(item, own, `${path}[${index}]`, findings) : { value: item }
    if (accepted) value.push(accepted.value)
    else if (isTuple) return undefined
  }
  return { value }
}

const acceptMapping = (mapping: JsonObject, schema: SchemaNode, path: string, findings: Finding[]): Accepted => {
  const value: JsonObject = {}
  for (const [key, item] of Object.entries(mapping)) {
    const below = path === '' ? key : `${path}.${key}`
    const schemas = propertySchemas(schema, key)
    if (schemas === false) {
      findings.push({ kind: 'warning', path: below, text: unknownKey(key, schema) })
      continue
    }
    const accepted = acceptAll(item, schemas, below, findings)
    if (accepted) value[key] = accepted.value
  }
  const missing = (schema.required ?? []).filter((key) => value[key] === undefined)
  if (missing.length === 0) return { value }
  // What is there, but of no use, has been reported.
  const absent = missing.filter((key) => mapping[key] === undefined)
  if (absent.length > 0) findings.push({ kind: 'error', path, text: `${absent.join(', ')} is missing` })
  return undefined
}

const acceptAll = (value: Json, schemas: readonly SchemaNode[], path: string, findings: Finding[]): Accepted =>
  schemas.reduce<Accepted>((accepted, schema) => accepted && acceptValue(accepted.value, schema, path, findings), {
    value,
  })

const unknownKey = (key: string, { properties = {} }: SchemaNode): string => {
  const nearest = nearestName(key, Object.keys(properties))
  return `there is no such key${nearest === undefined ? '' : `; did you mean ${nearest}?`}`
}

/** True when the value fits as it is. */
export const fits = (value: Json, schema: SchemaNode): boolean => {
  if (schema.accepted) return fits(value, schema.accepted)
  if (!hasType(value, schema) || problemOf(value, schema) !== undefined) return false
  if (schema.const !== undefined && schema.const !== value) return false
  if (Array.isArray(value) && !value.every((item, index) => fitsAt(item, itemSchema(schema, index)))) return false
  if (isJsonObject(value) && !fitsMapping(value, schema)) return false
  if (schema.allOf && !schema.allOf.every((branch) => fits(value, branch))) return false
  const alternatives = schema.oneOf ?? schema.anyOf
  return !alternatives || alternatives.some((branch) => fits(value, branch))
}

const fitsAt = (value: Json, schema: SchemaNode | undefined): boolean => schema === undefined || fits(value, schema)

const fitsMapping = (mapping: JsonObject, schema: SchemaNode): boolean => {
  if (schema.required?.some((key) => mapping[key] === undefined)) return false
  return Object.entries(mapping).every(([key, item]) => {
    const schemas = propertySchemas(schema, key)
    return schemas !== false && schemas.every((own) => fits(item, own))
  })
}

const typeNames: Readonly<Record<TypeName, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'nothing',
}

const describeTypes = (schema: SchemaNode): string => {
  const types = typesOf(schema).map((type) => typeNames[type])
  if (schema.enum) return `one of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`
  return types.length > 0 ? listed(types) : 'something else'
}

const listed = (items: readonly string[]): string => {
  const unique = [...new Set(items)]
  return unique.length < 2 ? (unique[0] ?? '') : `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`
}

/** Texts are not shown: they may be secret. */
const describe = (value: Json): string => {
  const type = typeOf(value)
  if (type === 'number' || type === 'integer') return `the number ${value}`
  if (type === 'boolean') return `${value}`
  if (type === 'string') return 'text'
  return typeNames[type]
}

const describeConstraints = (branches: readonly SchemaNode[]): string => {
  const required = branches.flatMap((branch) => branch.required ?? [])
  return required.length > 0 ? `${listed(required)} is missing` : 'it has none of the forms that are allowed'
}
