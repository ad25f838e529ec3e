/**
 * Bytes of a base64 text, read as leniently as the tools that wrote it: white space and any other foreign character is
 * skipped, what follows the padding is ignored.
 * @returns undefined when the text is cut short (wrong padding), or holds a single stray character.
 */
export const lenientBase64 = (text: string): Uint8Array | undefined => {
  const clean = text.replace(/[^A-Za-z0-9+/=]/g, '')
  const digits = clean.split('=', 1)[0] ?? ''
  const padding = /^=*/.exec(clean.slice(digits.length))?.[0].length ?? 0
  const missing = (4 - (digits.length % 4)) % 4
  if (missing === 3 || padding < missing) return undefined
  return Buffer.from(digits, 'base64')
}
