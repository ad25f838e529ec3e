import { gunzipSync } from 'node:zlib'
import { bytesOfText } from './bytes.ts'

/** Content larger than this when unpacked is refused. */
const largestContent = 256 * 1024 * 1024

export type ContentEncoding = 'gzip' | 'base64' | 'gzip+base64' | 'plain'

const byName: Readonly<Record<string, ContentEncoding>> = {
  '': 'plain',
  raw: 'plain',
  'text/plain': 'plain',
  gz: 'gzip',
  gzip: 'gzip',
  b64: 'base64',
  base64: 'base64',
  'gz+b64': 'gzip+base64',
  'gz+base64': 'gzip+base64',
  'gzip+b64': 'gzip+base64',
  'gzip+base64': 'gzip+base64',
}

/** The encoding by any of the names users give it; undefined for one that is not known. */
export const contentEncoding = (name: string): ContentEncoding | undefined => {
  const key = name.trim().toLowerCase()
  return Object.hasOwn(byName, key) ? byName[key] : undefined
}

/** As Python decodes it: characters that are not base64's are passed over. Padding may be missing. */
const fromBase64 = (bytes: Uint8Array): Uint8Array => {
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/[^A-Za-z0-9+/]/g, '')
  if (text.length % 4 === 1) throw new Error('it is no base64, or cut off')
  return Buffer.from(text, 'base64')
}

/** @throws Error (zlib's) when the bytes are not gzip, are cut off, or unpack to more than the limit. */
export const unzip = (bytes: Uint8Array): Uint8Array => gunzipSync(bytes, { maxOutputLength: largestContent })

/**
 * Undoes an encoding. Text may hold bytes (machine/bytes.ts).
 * @throws Error when it is not what it should be (zlib's, for gzip)
 */
export const decodeContent = (content: string, encoding: ContentEncoding): Uint8Array => {
  const bytes = bytesOfText(content)
  if (encoding === 'plain') return bytes
  if (encoding === 'base64') return fromBase64(bytes)
  return unzip(encoding === 'gzip' ? bytes : fromBase64(bytes))
}
