import { isJsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { deviceSize } from '../../src/machine/partition.ts'
import type { EncryptedLayer } from './layers.ts'

/** The text of a LUKS2 header has at most 4 MiB; cryptsetup makes 16 KiB. */
const largestHeaderBytes = 4 * 1024 * 1024
const textOffset = 4096
const sectorBytes = 512

/** LUKS1 (On-Disk Format, 1.2.3, figure 1): where the data begins, in sectors, at byte 104. */
const firstDataByte1 = (header: Buffer): number => header.readUInt32BE(104) * sectorBytes

/** LUKS2 (On-Disk Format, 1.1.2): JSON behind 4096 bytes. A segment whose size is not `dynamic` never grows. */
const firstDataByte2 = async (machine: Machine, device: string, header: Buffer): Promise<number | undefined> => {
  const length = Math.min(Number(header.readBigUInt64BE(8)), largestHeaderBytes) - textOffset
  const bytes = length > 0 ? await machine.disks.readBytes(device, textOffset, length) : undefined
  try {
    const text = Buffer.from(bytes ?? []).toString('utf8')
    const value: unknown = JSON.parse(text.slice(0, Math.max(0, text.indexOf('\0'))))
    const segments = isJsonObject(value) && isJsonObject(value['segments']) ? value['segments'] : {}
    const segment = segments['0']
    if (!isJsonObject(segment) || Object.keys(segments).length !== 1 || segment['size'] !== 'dynamic') return undefined
    return Number(segment['offset'])
  } catch {
    return undefined
  }
}

/**
 * Bytes by which an open volume is smaller than what it lies on; undefined when its header does not tell (a header that
 * is kept elsewhere, for example).
 */
export const bytesUnused = async (machine: Machine, { path, below }: EncryptedLayer): Promise<number | undefined> => {
  const bytes = await machine.disks.readBytes(below.path, 0, textOffset)
  const [whole, own] = [deviceSize(machine, below.path), deviceSize(machine, path)]
  if (bytes?.length !== textOffset || whole === undefined || own === undefined) return undefined
  const header = Buffer.from(bytes)
  if (header.toString('latin1', 0, 6) !== 'LUKS\xba\xbe') return undefined
  const isFirstVersion = header.readUInt16BE(6) === 1
  const first = isFirstVersion ? firstDataByte1(header) : await firstDataByte2(machine, below.path, header)
  return first === undefined || !Number.isSafeInteger(first) ? undefined : whole - first - own
}
