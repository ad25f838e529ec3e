import { utf8OrNothing } from '../machine/bytes.ts'

/**
 * Mark of a text in metadata that stands for bytes: what follows is their base64. instance-data.json lists such keys in
 * `base64_encoded_keys` and shows them without the mark.
 */
export const binaryMark = 'ci-b64:'

/** Bytes as a value in metadata. */
export const binaryValue = (bytes: Uint8Array): string => `${binaryMark}${Buffer.from(bytes).toString('base64')}`

/** Text where the bytes are UTF-8, else bytes as a value in metadata. */
export const textOrBinaryValue = (bytes: Uint8Array): string => utf8OrNothing(bytes) ?? binaryValue(bytes)

/** The bytes of base64 text (white space is allowed); undefined when it is something else. */
export const bytesOfBase64 = (text: string): Uint8Array | undefined => {
  const digits = text.replaceAll(/\s/g, '')
  if (digits.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(digits)) return undefined
  return new Uint8Array(Buffer.from(digits, 'base64'))
}
