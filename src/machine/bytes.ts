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
  const bytes = Buffer.alloc(text.length * 3)
  let written = 0
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    // A pair is one character: its second half is no escaped byte.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(at + 1))) at += 1
    else if (unit >= 0xdc80 && unit <= 0xdcff) {
      written += bytes.write(text.slice(start, at), written, 'utf8')
      bytes[written] = unit & 0xff
      written += 1
      start = at + 1
    }
  }
  written += bytes.write(text.slice(start), written, 'utf8')
  return bytes.subarray(0, written)
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

/** By the first byte of a sequence: its length and the least character that needs so many (RFC 3629, 3). */
const sequenceOf = (lead: number): readonly [length: number, least: number] => {
  if (lead >= 0xc2 && lead <= 0xdf) return [2, 0x80]
  if (lead >= 0xe0 && lead <= 0xef) return [3, 0x800]
  return lead >= 0xf0 && lead <= 0xf4 ? [4, 0x10000] : [0, 0]
}

/** The character at `at` when a whole sequence stands there; undefined otherwise. */
const characterAt = (bytes: Uint8Array, at: number, length: number, least: number): number | undefined => {
  let character = (bytes[at] ?? 0) & (0x7f >> length)
  for (let offset = 1; offset < length; offset += 1) {
    const next = bytes[at + offset] ?? 0
    if ((next & 0xc0) !== 0x80) return undefined
    character = (character << 6) | (next & 0x3f)
  }
  const isSurrogate = character >= 0xd800 && character <= 0xdfff
  return character < least || character > 0x10ffff || isSurrogate ? undefined : character
}

const decodeEscaping = (bytes: Uint8Array): string => {
  const units = new Uint16Array(bytes.length)
  let count = 0
  let at = 0
  while (at < bytes.length) {
    const lead = bytes[at] ?? 0
    const [length, least] = sequenceOf(lead)
    const character = length === 0 ? undefined : characterAt(bytes, at, length, least)
    if (character === undefined) {
      units[count++] = lead < 0x80 ? lead : 0xdc00 + lead
      at += 1
      continue
    }
    if (character >= 0x10000) {
      units[count++] = 0xd800 + ((character - 0x10000) >> 10)
      units[count++] = 0xdc00 + ((character - 0x10000) & 0x3ff)
    } else units[count++] = character
    at += length
  }
  return Buffer.from(units.buffer, 0, count * 2).toString('utf16le')
}
