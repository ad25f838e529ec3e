/**
 * Bytes as text and back without loss. What is not UTF-8 (a binary `!!binary` value in YAML, a script in Latin-1) is
 * kept in the text as lone surrogates U+DC80..U+DCFF, one a byte, as Python's `surrogateescape` does it. Such a text
 * passes through merging and templates like any other; bytesOfText gives back the very bytes.
 */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 text; undefined when the bytes are something else. */
export const utf8OrNothing = (bytes: Uint8Array): string | undefined => {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

export const textOfBytes = (bytes: Uint8Array): string => utf8OrNothing(bytes) ?? decodeEscaping(bytes)

export const bytesOfText = (text: string): Uint8Array => {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8')
  const pieces = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff]+)/)
  return Buffer.concat(
    pieces.map((piece, index) =>
      index % 2 === 0 ? Buffer.from(piece, 'utf8') : Buffer.from([...piece].map((unit) => unit.charCodeAt(0) & 0xff)),
    ),
  )
}

/** Length of the UTF-8 sequence at `at`, or 0 when there is none. */
const sequenceLength = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at] ?? 0
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0
  if (length <= 1) return length
  return utf8OrNothing(bytes.subarray(at, at + length)) === undefined || at + length > bytes.length ? 0 : length
}

const decodeEscaping = (bytes: Uint8Array): string => {
  const pieces: string[] = []
  let start = 0
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    pieces.push(strictUtf8.decode(bytes.subarray(start, at)), String.fromCharCode(0xdc00 + (bytes[at] ?? 0)))
    at += 1
    start = at
  }
  pieces.push(strictUtf8.decode(bytes.subarray(start)))
  return pieces.join('')
}
