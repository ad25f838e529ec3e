import { bytesOfText, textOfBytes } from '../machine/bytes.ts'

/** Undoes a Content-Transfer-Encoding (RFC 2045, 6). One that is unknown or can't be undone leaves the body as it is. */
export const decodeBody = (body: string, encoding: string | undefined): string => {
  switch (encoding?.trim().toLowerCase()) {
    case 'base64':
      return decodeBase64(body)
    case 'quoted-printable':
      return textOfBytes(decodeQuotedPrintable(bytesOfText(body)))
    case 'x-uuencode':
    case 'uuencode':
    case 'x-uue':
    case 'uue':
      return decodeUu(body)
    default:
      return body
  }
}

/** What is outside the alphabet is skipped; a single digit left over means that it was no base64. */
const decodeBase64 = (body: string): string => {
  const digits = body.replace(/[^A-Za-z0-9+/=]+/g, '')
  const end = digits.indexOf('=')
  return (end < 0 ? digits.length : end) % 4 === 1 ? body : textOfBytes(Buffer.from(digits, 'base64'))
}

/**
 * Escapes that are none (`=ZZ`) stay as they are, `==` is `=`. Blanks at the end of a line stay too, as cloud-init keeps
 * them (RFC 2045, 6.7 would have them removed).
 */
const decodeQuotedPrintable = (body: Uint8Array): Uint8Array =>
  Buffer.from(
    Buffer.from(body)
      .toString('latin1')
      .replace(/=(?:([0-9A-Fa-f]{2})|(=)|\r?\n|$)/g, (_escape, hex: string | undefined, sign: string | undefined) =>
        hex === undefined ? (sign ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    'latin1',
  )

const decodeUu = (body: string): string => {
  const lines = body.split(/\r?\n/)
  const start = lines.findIndex((line) => /^begin [0-7]+ /.test(line))
  if (start < 0) return body
  const decoded: number[] = []
  for (const line of lines.slice(start + 1)) {
    if (line === 'end') break
    const length = (line.charCodeAt(0) - 32) & 63
    const units = [...line.slice(1)].map((unit) => (unit.charCodeAt(0) - 32) & 63)
    const lineBytes: number[] = []
    for (let at = 0; at < units.length; at += 4) {
      const [first = 0, second = 0, third = 0, fourth = 0] = units.slice(at, at + 4)
      lineBytes.push((first << 2) | (second >> 4), ((second & 15) << 4) | (third >> 2), ((third & 3) << 6) | fourth)
    }
    decoded.push(...lineBytes.slice(0, length))
  }
  return textOfBytes(Buffer.from(decoded))
}
