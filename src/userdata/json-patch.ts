import { isDeepStrictEqual } from 'node:util'
import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'

/**
 * Applies a JSON patch (RFC 6902), all of it or nothing; the document is not changed.
 * @throws ConfigError naming the operation that can't be done.
 */
export const applyJsonPatch = (document: Json, patch: Json): Json => {
  if (!Array.isArray(patch)) throw new ConfigError('JSON patch', 'must be a list of operations')
  return patch.reduce<Json>(
    (result, operation, index) => applyOperation(result, readOperation(operation, index)),
    document,
  )
}

interface Operation {
  /** For errors: `JSON patch [2]`. */
  readonly name: string
  readonly op: string
  readonly path: readonly string[]
  readonly from: readonly string[] | undefined
  readonly value: Json | undefined
}

const readOperation = (value: Json, index: number): Operation => {
  const name = `JSON patch [${index}]`
  if (!isJsonObject(value)) throw new ConfigError(name, 'an operation must be a mapping with op and path')
  const { op, path, from } = value
  if (typeof op !== 'string') throw new ConfigError(name, 'op is missing')
  return {
    name,
    op,
    path: readPointer(path, name),
    from: op === 'move' || op === 'copy' ? readPointer(from, `${name} from`) : undefined,
    value: value['value'],
  }
}

/** A JSON pointer (RFC 6901): `/a/b~1c/0`. */
const readPointer = (pointer: Json | undefined, name: string): string[] => {
  if (typeof pointer !== 'string') throw new ConfigError(name, 'the path is missing')
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw new ConfigError(name, `the path '${pointer}' must start with a slash`)
  if (/~(?![01])/.test(pointer)) throw new ConfigError(name, `the path '${pointer}' has a ~ that is not ~0 or ~1`)
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

const applyOperation = (document: Json, operation: Operation): Json => {
  const { name, op, path, from = [] } = operation
  switch (op) {
    case 'add':
      return put(document, path, givenValue(operation), name, 'add')
    case 'replace':
      find(document, path, name)
      return put(document, path, givenValue(operation), name, 'replace')
    case 'remove':
      return remove(document, path, name)
    case 'copy':
      return put(document, path, find(document, from, name), name, 'add')
    case 'move': {
      const value = find(document, from, name)
      if (isDeepStrictEqual(from, path)) return document
      if (isDeepStrictEqual(from, path.slice(0, from.length))) throw new ConfigError(name, 'cannot move into itself')
      return put(remove(document, from, name), path, value, name, 'add')
    }
    case 'test':
      if (isDeepStrictEqual(find(document, path, name), givenValue(operation))) return document
      throw new ConfigError(name, `the test of /${path.join('/')} fails`)
    default:
      throw new ConfigError(name, `there is no operation '${op}'`)
  }
}

const givenValue = ({ name, value }: Operation): Json => {
  if (value === undefined) throw new ConfigError(name, 'value is missing')
  return value
}

const nothingAt = (name: string, step: string): ConfigError => new ConfigError(name, `there is nothing at '${step}'`)

const indexOf = (list: readonly Json[], step: string, name: string): number => {
  if (!/^[0-9]+$/.test(step) || Number(step) >= list.length) throw nothingAt(name, step)
  return Number(step)
}

const child = (value: Json, step: string, name: string): Json => {
  const found = Array.isArray(value)
    ? value[indexOf(value, step, name)]
    : isJsonObject(value) && Object.hasOwn(value, step)
      ? value[step]
      : undefined
  if (found === undefined) throw nothingAt(name, step)
  return found
}

const find = (document: Json, path: readonly string[], name: string): Json =>
  path.reduce<Json>((value, step) => child(value, step, name), document)

/** The document with the container at `path`'s parent changed by `change`. */
const changeParent = (
  document: Json,
  path: readonly string[],
  name: string,
  change: (container: Json[] | JsonObject, step: string) => Json,
): Json => {
  const [step = '', ...rest] = path
  const container = Array.isArray(document) || isJsonObject(document) ? document : undefined
  if (container === undefined) throw nothingAt(name, step)
  if (rest.length === 0) return change(container, step)
  const changed = changeParent(child(container, step, name), rest, name, change)
  if (Array.isArray(container)) return container.with(indexOf(container, step, name), changed)
  return { ...container, [step]: changed }
}

const put = (document: Json, path: readonly string[], value: Json, name: string, mode: 'add' | 'replace'): Json => {
  if (path.length === 0) return value
  return changeParent(document, path, name, (container, step) => {
    if (!Array.isArray(container)) return step === '__proto__' ? container : { ...container, [step]: value }
    if (mode === 'replace') return container.with(indexOf(container, step, name), value)
    if (step === '-' || step === String(container.length)) return [...container, value]
    return container.toSpliced(indexOf(container, step, name), 0, value)
  })
}

const remove = (document: Json, path: readonly string[], name: string): Json => {
  if (path.length === 0) throw new ConfigError(name, 'the whole document cannot be removed')
  return changeParent(document, path, name, (container, step) => {
    if (Array.isArray(container)) return container.toSpliced(indexOf(container, step, name), 1)
    child(container, step, name)
    const { [step]: _removed, ...rest } = container
    return rest
  })
}
