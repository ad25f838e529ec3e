import { ConfigError, messageOf } from '../machine/errors.ts'

/** By the first two bytes (RFC 1952, 2.3.1). */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** @throws ConfigError when it is broken, or unpacks to more than `limitBytes` bytes. */
export const unpackGzip = async (bytes: Uint8Array, name: string, limitBytes: number): Promise<Uint8Array> => {
  const { gunzipSync } = await import('node:zlib')
  try {
    return gunzipSync(bytes, { maxOutputLength: limitBytes })
  } catch (error) {
    const isTooLarge = error instanceof RangeError
    const reason = isTooLarge ? `it unpacks to more than ${limitBytes} bytes` : messageOf(error)
    throw new ConfigError(name, `cannot be unpacked with gzip: ${reason}`)
  }
}
