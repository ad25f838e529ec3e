import { modules } from '../../modules/index.ts'
import { knownKeys } from '../cloudconfig/known-keys.ts'
import { type SchemaNode, schemaOf } from '../cloudconfig/schema-node.ts'
import { engineSchema, imageOnlyKeys } from './engine-schema.ts'

let assembled: Promise<SchemaNode> | undefined

/**
 * The schema of a whole cloud-config: the keys of every module, and those that the engine reads. A key of a module that
 * firstlight does not have yet may hold anything.
 */
export const cloudConfigSchema = (): Promise<SchemaNode> => {
  assembled ??= assemble()
  return assembled
}

const assemble = async (): Promise<SchemaNode> => {
  const properties: Record<string, SchemaNode> = {}
  for (const key of knownKeys) if (!imageOnlyKeys.has(key)) properties[key] = {}
  const constraints: SchemaNode[] = []
  for (const load of Object.values(modules)) {
    const schema = schemaOf(await load())
    Object.assign(properties, schema.properties)
    const { properties: _own, type: _type, additionalProperties: _extras, ...rest } = schema
    if (Object.keys(rest).some((key) => ['allOf', 'anyOf', 'oneOf', 'dependencies', 'not'].includes(key))) {
      constraints.push(rest)
    }
  }
  Object.assign(properties, engineSchema)
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(constraints.length > 0 && { allOf: constraints }),
  }
}
