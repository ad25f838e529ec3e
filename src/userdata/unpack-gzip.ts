import { ConfigError, messageOf } from '../machine/errors.ts'

/** By the first two bytes (RFC 1952, 2.3.1). */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Bytes behind the compressed content that are no gzip themselves are left aside.
 * @throws ConfigError when it is broken, or unpacks to more than `limitBytes` bytes.
 */
export const unpackGzip = async (bytes: Uint8Array, name: string, limitBytes: number): Promise<Uint8Array> => {
  const { gunzipSync, inflateRawSync } = await import('node:zlib')
  const options = { maxOutputLength: limitBytes }
  try {
    return gunzipSync(bytes, options)
  } catch (error) {
    // Content and checksum were right, and what follows is no other gzip member.
    if (isGzip(bytes) && messageOf(error) === 'incorrect header check') {
      return inflateRawSync(bytes.subarray(headerLength(bytes)), options)
    }
    const isTooLarge = error instanceof RangeError
    const reason = isTooLarge
      ? `it unpacks to more than ${limitBytes} bytes (input_limits.unpacked_bytes)`
      : messageOf(error)
    throw new ConfigError(name, `cannot be unpacked with gzip: ${reason}`)
  }
}

/** Length of a member's header: ten bytes, then what its flags announce (RFC 1952, 2.3). */
const headerLength = (bytes: Uint8Array): number => {
  const flags = bytes[3] ?? 0
  let at = 10
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  // File name and comment end with a zero byte.
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1
  return flags & 2 ? at + 2 : at
}
