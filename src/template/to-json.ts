import { TemplateRuntimeError } from './errors.ts'
import { Dict, iterate, List, repr, toText, typeName, Undefined, type Value, View } from './values.ts'

/** JSON of a value: keys sorted, safe inside HTML. */
export const toJsonText = (value: Value, indent: number): string =>
  write(value, indent, '\n').replace(/[<>&'\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })

const write = (value: Value, indent: number, margin: string): string => {
  const inner = indent > 0 ? margin + ' '.repeat(indent) : ''
  const between = indent > 0 ? ',' : ', '
  const wrap = (open: string, items: readonly string[], close: string): string => {
    if (items.length === 0) return open + close
    return open + items.map((item) => inner + item).join(between) + (indent > 0 ? margin : '') + close
  }
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint' || typeof value === 'number') return repr(value)
  if (value instanceof List || value instanceof View)
    return wrap(
      '[',
      iterate(value).map((item) => write(item, indent, inner)),
      ']',
    )
  if (value instanceof Dict) {
    const keys = [...value.map.keys()].map(toText).sort()
    return wrap(
      '{',
      keys.map((key) => `${JSON.stringify(key)}: ${write(value.map.get(key) ?? null, indent, inner)}`),
      '}',
    )
  }
  if (value instanceof Undefined) throw new TemplateRuntimeError('Object of type Undefined is not JSON serializable')
  throw new TemplateRuntimeError(`Object of type ${typeName(value)} is not JSON serializable`)
}
