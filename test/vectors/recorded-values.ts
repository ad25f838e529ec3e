import { textOfBytes } from '../../src/machine/bytes.ts'
import { isJsonObject, type Json } from '../../src/machine/json.ts'

/**
 * Recorded values as this program holds them. JSON can't say everything that Python has: large integers and bytes are
 * wrapped in the records, and are text here (src/machine/bytes.ts, src/cloudconfig/yaml-scalars.ts). A mapping with keys
 * that are not text stays as recorded: it has no equal here.
 */
export const unwrap = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(unwrap)
  if (!isJsonObject(value)) return value
  const { $int: digits, $bytes: base64 } = value
  if (typeof digits === 'string') return digits
  if (typeof base64 === 'string') return textOfBytes(Buffer.from(base64, 'base64'))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]))
}
