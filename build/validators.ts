/**
 * Compiles the schema of every config module into src/cloudconfig/validators.generated.js (`npm run generate`), so that no
 * schema is compiled during a boot and ajv is no part of the program.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { modules } from '../modules/index.ts'
import type { Json } from '../src/machine/json.ts'

/** What decides whether a value can be used as it is; the rest (descriptions, least numbers of items) is for people. */
const kept: ReadonlySet<string> = new Set([
  ...[
    'type',
    'enum',
    'const',
    'properties',
    'patternProperties',
    'additionalProperties',
    'required',
    'items',
    'pattern',
  ],
  ...['additionalItems', 'minimum', 'maximum', 'oneOf', 'anyOf', 'allOf', '$ref', '$defs'],
])
const namesOfOwn: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs'])

/** The schema with what counts only; several of `oneOf` may match, as in src/cloudconfig/accept-value.ts. */
const reduced = (node: Json, isNames = false): Json => {
  if (Array.isArray(node)) return node.map((item) => reduced(item))
  if (typeof node !== 'object' || node === null) return node
  if (!isNames && node['accepted'] !== undefined) return reduced(node['accepted'])
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => isNames || kept.has(key))
      .map(([key, value]) => [
        !isNames && key === 'oneOf' ? 'anyOf' : key,
        key === 'enum' || key === 'const' ? value : reduced(value, !isNames && namesOfOwn.has(key)),
      ]),
  )
}

const file = join(import.meta.dirname, '../src/cloudconfig/validators.generated.js')
const ajv = new Ajv({
  code: { source: true, esm: true },
  strict: false,
  messages: false,
  unicode: false,
  logger: false,
})

const names: Record<string, string> = {}
for (const [id, load] of Object.entries(modules)) {
  const schema = reduced((await load()).schema as Json)
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) continue
  ajv.addSchema({ ...schema, $id: id })
  names[`validate_${id}`] = id
}

// ajv writes require() for its runtime even in an ES module.
const compiled = standalone(ajv, names)
const required = /\brequire\("([^"]+)"\)\.default/g
const runtimes = [...new Set([...compiled.matchAll(required)].map(([, path = '']) => path))]
const code = compiled.replace(required, (_call, path: string) => `runtime${runtimes.indexOf(path)}.default`)
const text = [
  '// Written by build/validators.ts.',
  ...runtimes.map((path, index) => `import runtime${index} from '${path}.js'`),
  code,
  'export const validators = {',
  ...Object.entries(names).map(([name, id]) => `  ${id}: ${name},`),
  '}',
  '',
].join('\n')
writeFileSync(file, text)
