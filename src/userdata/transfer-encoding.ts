import { bytesOfText, textOfBytes } from '../machine/bytes.ts'

/** Undoes a Content-Transfer-Encoding (RFC 2045, 6). One that is unknown leaves the body as it is. */
export const decodeBody = (body: string, encoding: string | undefined): string => {
  switch (encoding?.trim().toLowerCase()) {
    case 'base64':
      return textOfBytes(Buffer.from(body, 'base64'))
    case 'quoted-printable':
      return textOfBytes(decodeQuotedPrintable(body))
    case 'x-uuencode':
    case 'uuencode':
    case 'x-uue':
    case 'uue':
      return textOfBytes(decodeUu(body))
    default:
      return body
  }
}

/** Escapes that are none (`=ZZ`) stay as they are. */
const decodeQuotedPrintable = (body: string): Uint8Array => {
  const bytes = bytesOfText(body.replace(/[ \t]+(?=\r?\n|$)/g, '').replace(/=\r?\n/g, ''))
  const text = Buffer.from(bytes).toString('latin1')
  return Buffer.from(
    text.replace(/=([0-9A-Fa-f]{2})/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}

const decodeUu = (body: string): Uint8Array => {
  const lines = body.split(/\r?\n/)
  const start = lines.findIndex((line) => /^begin [0-7]+ /.test(line))
  const decoded: number[] = []
  for (const line of lines.slice(start + 1)) {
    if (line === 'end' || start < 0) break
    const length = (line.charCodeAt(0) - 32) & 63
    const units = [...line.slice(1)].map((unit) => (unit.charCodeAt(0) - 32) & 63)
    const lineBytes: number[] = []
    for (let at = 0; at < units.length; at += 4) {
      const [first = 0, second = 0, third = 0, fourth = 0] = units.slice(at, at + 4)
      lineBytes.push((first << 2) | (second >> 4), ((second & 15) << 4) | (third >> 2), ((third & 3) << 6) | fourth)
    }
    decoded.push(...lineBytes.slice(0, length))
  }
  return Buffer.from(decoded)
}
