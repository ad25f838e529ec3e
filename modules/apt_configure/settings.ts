import type { FromSchema } from 'json-schema-to-ts'
import type { schema } from './schema.ts'

/** What the schema accepted under `apt`. */
export type AptSettings = NonNullable<FromSchema<typeof schema, { keepDefaultedPropertiesOptional: true }>['apt']>
export type MirrorEntry = NonNullable<AptSettings['primary']>[number]
export type SourceEntry = {
  readonly source?: string
  readonly key?: string
  readonly keyid?: string
  readonly keyserver?: string
  readonly filename?: string
  readonly append?: boolean
}
export type KeyEntry = Pick<SourceEntry, 'key' | 'keyid' | 'keyserver'>
