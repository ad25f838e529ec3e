import { type ParseArgsConfig, parseArgs } from 'node:util'
import { isJsonObject, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { type MemoryFile, type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'

/** The machine on which a recorded command ran. Relative paths are below `/`, where it was started. */
export const commandMachine = (input: JsonObject): MemoryMachine => {
  const userId = input['uid'] === 0 ? 0 : 1000
  const files: Record<string, MemoryFile> = {}
  const secret = new Set<string>()
  for (const [path, file] of Object.entries(objectAt(input, 'files'))) {
    const full = path.startsWith('/') ? path : `/${path}`
    const base64 = isJsonObject(file) ? textAt(file, 'content_base64') : undefined
    const text = isJsonObject(file) ? (textAt(file, 'content') ?? '') : String(file)
    const mode = Number.parseInt((isJsonObject(file) && textAt(file, 'mode')) || '0644', 8)
    files[full] = { content: base64 === undefined ? text : Buffer.from(base64, 'base64'), mode }
    if (mode % 8 < 4) secret.add(full).add(path)
  }
  return memoryMachine({
    files,
    userId,
    fault: (action, path) => (userId !== 0 && action === 'read' && secret.has(path) ? 'EACCES' : undefined),
  })
}

type Options = NonNullable<ParseArgsConfig['options']>

/** Words of a command line, with the options that the command has. */
export const readOptions = (words: string[], options: Options) => {
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true, strict: false })
  const plain: Record<string, unknown> = { ...values }
  return { values: plain, positionals }
}
