/**
 * A MIME message (RFC 2045, 2046) as text, taken apart without changing a byte of its parts. Why not by a
 * library: docs/architecture.md.
 */
export interface MimeEntity {
  /** In order, unfolded, names as written. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Lower case: `text/plain`. */
  readonly contentType: string
  /** As it stands, not decoded. */
  readonly body: string
  /** Of a multipart or an enclosed message. */
  readonly children?: readonly MimeEntity[]
}

/** @throws RangeError when it is nested deeper than `maxDepth`. */
export const parseMime = (text: string, maxDepth: number): MimeEntity => parseEntity(text, maxDepth, 'nothing')

type Holder = 'nothing' | 'multipart' | 'digest'

const parseEntity = (text: string, maxDepth: number, holder: Holder): MimeEntity => {
  if (maxDepth <= 0) throw new RangeError('multiparts are nested too deep')
  const { headers, body } = splitHeaders(text)
  const contentType = contentTypeOf(headers, holder === 'digest' ? 'message/rfc822' : 'text/plain')
  if (contentType.startsWith('message/')) {
    const child = parseEntity(body, maxDepth - 1, holder === 'nothing' ? 'nothing' : 'multipart')
    return { headers, contentType, body, children: [child] }
  }
  if (!contentType.startsWith('multipart/')) return { headers, contentType, body }
  const boundary = parameterOf(headerOf(headers, 'content-type') ?? '', 'boundary')
  // At the end of the text a boundary is missing when nothing closes; a part has lost that line end already.
  const whole = holder === 'nothing' ? withoutLineEnd(body) : body
  const parts = boundary ? splitParts(whole, boundary) : []
  const inner = contentType === 'multipart/digest' ? 'digest' : 'multipart'
  return { headers, contentType, body, children: parts.map((part) => parseEntity(part, maxDepth - 1, inner)) }
}

/** A first line that is no header begins the body: then there are no headers. */
const splitHeaders = (text: string): { headers: [string, string][]; body: string } => {
  const headers: [string, string][] = []
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\n', at)
    const next = end < 0 ? text.length : end + 1
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, '')
    if (line === '') return { headers, body: text.slice(next) }
    const header = /^([!-9;-~]+):[ \t]*(.*)$/s.exec(line)
    const last = headers.at(-1)
    if (/^[ \t]/.test(line) && last) last[1] += ` ${line.trim()}`
    else if (header) headers.push([header[1] ?? '', (header[2] ?? '').trimEnd()])
    else if (!(at === 0 && line.startsWith('From '))) return { headers, body: text.slice(at) }
    at = next
  }
  return { headers, body: '' }
}

export const headerOf = (headers: MimeEntity['headers'], name: string): string | undefined =>
  headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1]

const contentTypeOf = (headers: MimeEntity['headers'], defaultType: string): string => {
  const header = headerOf(headers, 'content-type')
  if (header === undefined) return defaultType
  const type = (header.split(';')[0] ?? '').trim().toLowerCase()
  return type.split('/').length === 2 ? type : 'text/plain'
}

/** What is between the boundary lines; without a closing one, up to the end. */
const splitParts = (body: string, boundary: string): string[] => {
  const line = new RegExp(`^--${escapePattern(boundary)}(--)?[ \\t]*(?:\\r\\n|\\r|\\n|$)`, 'gm')
  const parts: string[] = []
  let start: number | undefined
  for (const { 0: text, 1: closing, index } of body.matchAll(line)) {
    if (start !== undefined) parts.push(withoutLineEnd(body.slice(start, index)))
    start = closing === undefined ? index + text.length : undefined
    if (closing !== undefined) break
  }
  if (start !== undefined) parts.push(body.slice(start))
  return parts
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** The line end before a boundary belongs to the boundary. */
const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, '')

/**
 * A parameter of a structured header, unquoted; RFC 2231's `name*=utf-8''...` and continuations are put together.
 * undefined when it is absent.
 */
export const parameterOf = (header: string, name: string): string | undefined => {
  const pieces: { index: number; value: string; encoded: boolean }[] = []
  const pattern = /;\s*([^=;\s*]+)(\*\d+)?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g
  for (const [, key = '', order, star, raw = ''] of header.matchAll(pattern)) {
    if (key.toLowerCase() !== name) continue
    const value = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw.trim()
    if (order === undefined && star === undefined) return value
    pieces.push({ index: Number(order?.slice(1) ?? 0), value, encoded: star !== undefined })
  }
  if (pieces.length === 0) return undefined
  return pieces
    .sort((left, right) => left.index - right.index)
    .map(({ value, encoded }) => (encoded ? percentDecode(value.replace(/^[^']*'[^']*'/, '')) : value))
    .join('')
}

const percentDecode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** File name by Content-Disposition or Content-Type; undefined when there is none worth the name. */
export const filenameOf = ({ headers }: MimeEntity): string | undefined => {
  const disposition = parameterOf(headerOf(headers, 'content-disposition') ?? '', 'filename')
  const name = disposition ?? parameterOf(headerOf(headers, 'content-type') ?? '', 'name')
  return name?.trim() || undefined
}
