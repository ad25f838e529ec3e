// Writes docs/reference/: a page a config module, made from its schema, and cloud-config.schema.json for editors.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { modules } from '../modules/index.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../src/machine/json.ts'

const top = join(import.meta.dirname, '..')
const folder = join(top, 'docs/reference')

const frequencies = { instance: 'once per instance', always: 'at every boot', once: 'once in the life of the image' }

const typeOf = (schema: JsonObject): string => {
  const { type, enum: values } = schema
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(', ')
  if (Array.isArray(type)) return type.join(' or ')
  if (typeof type === 'string') return type
  const branches = [schema['anyOf'], schema['oneOf']].find(Array.isArray)
  return branches ? [...new Set(branches.filter(isJsonObject).map(typeOf))].join(' or ') : ''
}

const describe = (schema: JsonObject): string => {
  const deprecated = schema['deprecated'] === true ? '**Deprecated.** ' : ''
  const text = textAt(schema, 'description') ?? textAt(schema, 'deprecated_description') ?? ''
  return `${deprecated}${text}`.replaceAll('\n', ' ').replaceAll('|', '\\|')
}

const rows = (schema: JsonObject, prefix = ''): string[] => {
  const own = Object.entries(objectAt(schema, 'properties')).flatMap(([key, value]: [string, Json]) => {
    if (!isJsonObject(value)) return []
    const path = prefix === '' ? key : `${prefix}.${key}`
    return [`| \`${path}\` | ${typeOf(value).replaceAll('|', '\\|')} | ${describe(value)} |`, ...rows(value, path)]
  })
  const items = schema['items']
  return isJsonObject(items) ? [...own, ...rows(items, `${prefix}[]`)] : own
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const index: string[] = []
for (const [id, load] of Object.entries(modules).sort(([left], [right]) => left.localeCompare(right))) {
  const module = await load()
  if (module.id !== id) continue
  const schema = isJsonObject(module.schema) ? module.schema : {}
  const table = rows(schema)
  const page = [
    `# ${id}`,
    '',
    module.title.replace(/([^.])$/, '$1.'),
    ...(module.description === undefined ? [] : ['', module.description]),
    '',
    `Runs ${frequencies[module.frequency]}, on ${module.distros === 'all' ? 'every distribution' : module.distros.join(', ')}.`,
    ...(module.activateBy
      ? [`Skipped without any of: ${module.activateBy.map((key) => `\`${key}\``).join(', ')}.`]
      : []),
    ...(table.length > 0 ? ['', '| key | type | |', '|---|---|---|', ...table] : []),
    ...(module.examples ?? []).flatMap((example) => ['', '```yaml', example.trimEnd(), '```']),
    '',
  ]
  writeFileSync(join(folder, `${id}.md`), page.join('\n'))
  index.push(`- [${id}](${id}.md): ${module.title}`)
}
writeFileSync(
  join(folder, 'README.md'),
  ['# Config modules', '', 'Made from the schemas of the modules by `npm run reference`.', '', ...index, ''].join('\n'),
)
const exported = execFileSync(
  process.execPath,
  ['--import', 'tsx', join(top, 'src/cli/main.ts'), 'schema', '--export'],
  {
    cwd: top,
    encoding: 'utf8',
  },
)
writeFileSync(join(folder, 'cloud-config.schema.json'), exported)
console.log(`docs/reference: ${index.length} modules, cloud-config.schema.json`)
