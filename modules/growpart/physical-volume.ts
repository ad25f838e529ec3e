import type { Machine } from '../../src/machine/machine.ts'
import { deviceSize } from '../../src/machine/partition.ts'

/** Layout of physical volumes: lib/format_text/layout.h and lib/label/label.h of LVM2. */
const sectorBytes = 512
const labelSectors = 4
const areaMagic = ' LVM2 x[5A%r0N*>'
/** The text goes round in its area, behind the area's own header. */
const areaHeaderBytes = 512
const largestTextBytes = 4 * 1024 * 1024

interface Area {
  readonly offset: number
  readonly size: number
}

interface VolumeHeader {
  /** 32 characters; texts have dashes between them. */
  readonly uuid: string
  readonly metadata: readonly Area[]
}

/** Where areas are: pairs of offset and size up to an empty one. */
const areasAt = (bytes: Buffer, start: number): Area[] => {
  const areas: Area[] = []
  for (let at = start; at + 16 <= bytes.length; at += 16) {
    const area = { offset: Number(bytes.readBigUInt64LE(at)), size: Number(bytes.readBigUInt64LE(at + 8)) }
    if (area.offset === 0) return areas
    areas.push(area)
  }
  return areas
}

/** The label is in one of the first four sectors. Behind uuid and size: the places of the data, then of the texts. */
const headerOf = (bytes: Buffer): VolumeHeader | undefined => {
  for (let at = 0; at + sectorBytes <= bytes.length; at += sectorBytes) {
    if (bytes.toString('latin1', at, at + 8) !== 'LABELONE') continue
    const header = at + bytes.readUInt32LE(at + 20)
    const lists = header + 40
    const data = areasAt(bytes, lists)
    const metadata = areasAt(bytes, lists + (data.length + 1) * 16)
    return { uuid: bytes.toString('latin1', header, header + 32), metadata }
  }
  return undefined
}

const textOf = async (machine: Machine, device: string, area: Area): Promise<string | undefined> => {
  const header = Buffer.from((await machine.disks.readBytes(device, area.offset, areaHeaderBytes)) ?? [])
  if (header.length < areaHeaderBytes || header.toString('latin1', 4, 20) !== areaMagic) return undefined
  const [offset, size] = [Number(header.readBigUInt64LE(40)), Number(header.readBigUInt64LE(48))]
  if (size === 0 || size > largestTextBytes || offset >= area.size) return undefined
  const first = Math.min(size, area.size - offset)
  const parts = [
    await machine.disks.readBytes(device, area.offset + offset, first),
    first < size
      ? await machine.disks.readBytes(device, area.offset + areaHeaderBytes, size - first)
      : new Uint8Array(),
  ]
  return Buffer.concat(parts.map((part) => part ?? new Uint8Array())).toString('utf8')
}

/** Bytes that the extents of this volume take up to, and those of an extent, as the text of its group says. */
const usedBytes = (text: string, uuid: string): { used: number; extent: number } | undefined => {
  const extent = Number(/\bextent_size\s*=\s*(\d+)/.exec(text)?.[1])
  for (const [, id = '', start, count] of text.matchAll(
    /\bid\s*=\s*"([^"]+)"[^{}]*?\bpe_start\s*=\s*(\d+)[^{}]*?\bpe_count\s*=\s*(\d+)/g,
  )) {
    if (id.replaceAll('-', '') !== uuid) continue
    const used = (Number(start) + Number(count) * extent) * sectorBytes
    return Number.isSafeInteger(used) ? { used, extent: extent * sectorBytes } : undefined
  }
  return undefined
}

/**
 * True when an extent more would fit on the device of a physical volume; undefined when that can't be read there (no text is
 * kept on this one, or it is none). Starts no process.
 */
export const hasRoomForExtent = async (machine: Machine, device: string): Promise<boolean | undefined> => {
  const whole = deviceSize(machine, device)
  const header = headerOf(Buffer.from((await machine.disks.readBytes(device, 0, labelSectors * sectorBytes)) ?? []))
  for (const area of header?.metadata ?? []) {
    const found = usedBytes((await textOf(machine, device, area)) ?? '', header?.uuid ?? '')
    if (found && whole !== undefined) return whole - found.used >= found.extent
  }
  return undefined
}
