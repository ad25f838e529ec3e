/**
 * Decodes base64 as Azure's agents do: characters outside the alphabet (line breaks, blanks) are skipped, and nothing is read
 * after the padding. undefined when characters are missing.
 */
export const decodeBase64 = (text: string): Uint8Array | undefined => {
  let symbols = ''
  for (const symbol of text) {
    if (/[A-Za-z0-9+/]/.test(symbol)) symbols += symbol
    else if (symbol === '=' && symbols.length % 4 >= 2) {
      symbols += '='
      if (symbols.length % 4 === 0) break
    }
  }
  if (symbols.length % 4 !== 0) return undefined
  return new Uint8Array(Buffer.from(symbols, 'base64'))
}
