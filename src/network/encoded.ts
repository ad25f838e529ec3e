import { gunzipSync } from 'node:zlib'
import { ConfigError, messageOf } from '../machine/errors.ts'

/** No network configuration is larger once unpacked. */
const limitBytes = 8 * 1024 * 1024

/**
 * Decodes base64, and gzip in it, to text.
 * @throws ConfigError
 */
export const decodeNetworkText = (encoded: string): string => {
  const bytes = Buffer.from(encoded, 'base64')
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  try {
    const plain = isGzip ? gunzipSync(bytes, { maxOutputLength: limitBytes }) : bytes
    return new TextDecoder('utf-8', { fatal: true }).decode(plain)
  } catch (error) {
    throw new ConfigError('network', `can't be decoded: ${messageOf(error)}`)
  }
}
