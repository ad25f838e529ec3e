import type { Json } from '../machine/json.ts'
import type { ConfigModule } from './module.ts'

export type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'null'

/** The part of JSON schema that module schemas use, as data to walk. */
export interface SchemaNode {
  readonly type?: TypeName | readonly TypeName[]
  readonly enum?: readonly Json[]
  readonly const?: Json
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly required?: readonly string[]
  readonly items?: SchemaNode | readonly SchemaNode[]
  readonly additionalItems?: boolean | SchemaNode
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly format?: string
  readonly oneOf?: readonly SchemaNode[]
  readonly anyOf?: readonly SchemaNode[]
  readonly allOf?: readonly SchemaNode[]
  readonly not?: SchemaNode
  readonly dependencies?: Readonly<Record<string, readonly string[] | SchemaNode>>
  readonly propertyNames?: SchemaNode
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, SchemaNode>>
  /** The key should not be used any more. */
  readonly deprecated?: boolean
  readonly deprecated_version?: string
  readonly deprecated_description?: string
  /** What the key accepts has changed; this form should not be used any more. */
  readonly changed?: boolean
  readonly changed_version?: string
  readonly changed_description?: string
  /**
   * What a boot takes here instead, where the check of a configuration (`schema`) is stricter than it needs to be: it
   * follows cloud-init's, while configurations that it refuses have always worked.
   */
  readonly accepted?: SchemaNode
  readonly description?: string
  readonly default?: Json
}

/** A module's schema as data. */
export const schemaOf = (module: ConfigModule): SchemaNode => module.schema as SchemaNode

export const typeOf = (value: Json): TypeName => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as 'string' | 'boolean' | 'object'
}

export const typesOf = ({ type }: SchemaNode): readonly TypeName[] => {
  if (type === undefined) return []
  return typeof type === 'string' ? [type] : type
}

export const hasType = (value: Json, schema: SchemaNode): boolean => {
  const types = typesOf(schema)
  const own = typeOf(value)
  return types.length === 0 || types.includes(own) || (own === 'integer' && types.includes('number'))
}

const deprecating = new WeakMap<SchemaNode, boolean>()

/** True when something under this schema is deprecated. */
export const hasDeprecations = (schema: SchemaNode): boolean => {
  const known = deprecating.get(schema)
  if (known !== undefined) return known
  const found = schema.deprecated === true || schema.changed === true || childrenOf(schema).some(hasDeprecations)
  deprecating.set(schema, found)
  return found
}

const childrenOf = (schema: SchemaNode): SchemaNode[] => [
  ...Object.values(schema.properties ?? {}),
  ...Object.values(schema.patternProperties ?? {}),
  ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ...itemSchemas(schema),
  ...(schema.oneOf ?? []),
  ...(schema.anyOf ?? []),
  ...(schema.allOf ?? []),
]

const itemSchemas = ({ items }: SchemaNode): readonly SchemaNode[] => {
  if (items === undefined) return []
  return isSchemaList(items) ? items : [items]
}

const isSchemaList = (items: SchemaNode | readonly SchemaNode[]): items is readonly SchemaNode[] => Array.isArray(items)

/** Schema of the item at `index`; undefined: anything goes. */
export const itemSchema = ({ items, additionalItems }: SchemaNode, index: number): SchemaNode | undefined => {
  if (items === undefined) return undefined
  if (!isSchemaList(items)) return items
  return items[index] ?? (typeof additionalItems === 'object' ? additionalItems : undefined)
}

/** The schemas that apply to a key: by name and by pattern, or else the one for all others. `false`: no such key. */
export const propertySchemas = (schema: SchemaNode, key: string): readonly SchemaNode[] | false => {
  const { properties = {}, patternProperties = {}, additionalProperties } = schema
  const own = Object.hasOwn(properties, key) ? properties[key] : undefined
  const found = own ? [own] : []
  for (const [pattern, node] of Object.entries(patternProperties)) {
    if (patternOf(pattern).test(key)) found.push(node)
  }
  if (found.length > 0) return found
  if (additionalProperties === false) return false
  return typeof additionalProperties === 'object' ? [additionalProperties] : []
}

const patterns = new Map<string, RegExp>()

export const patternOf = (pattern: string): RegExp => {
  const known = patterns.get(pattern)
  if (known) return known
  const compiled = new RegExp(pattern, 'u')
  patterns.set(pattern, compiled)
  return compiled
}
