import type { Machine } from '../../src/machine/machine.ts'
import { deviceSize, logicalSectorBytes } from '../../src/machine/partition.ts'

/** One partition as the table on the disk has it. All in sectors of the table. */
export interface TableEntry {
  readonly number: number
  readonly start: number
  readonly size: number
  /** First sector that nothing else may use: of a logical partition, that of its boot record, which lies before it. */
  readonly begin: number
  /** `container` is the extended partition of an MBR, which holds the `logical` ones. */
  readonly kind: 'primary' | 'container' | 'logical'
  /** GPT: its type in lower case, as systemd-repart wants it. */
  readonly type?: string
}

export interface PartitionTable {
  readonly label: 'gpt' | 'dos'
  readonly sectorBytes: number
  readonly diskSectors: number
  /** First sector behind the part of the disk that partitions may have, once a second GPT is where it belongs. */
  readonly end: number
  readonly entries: readonly TableEntry[]
}

type Read = (offset: number, length: number) => Promise<Uint8Array | undefined>

/** Of either kind there are hardly more; a broken table must not cost more. */
const largestArrayBytes = 1024 * 1024
const mostLogicalPartitions = 128
const firstLogicalNumber = 5
/** Types of MBR partitions that hold logical ones. */
const containerTypes = new Set([0x05, 0x0f, 0x85])
const protectiveType = 0xee
/** MBR counts in 32 bits. */
const lastMbrSector = 0xffffffff

/** The parts of a globally unique identifier as GPT stores them (UEFI Specification, appendix A): three are turned round. */
const identifierText = (bytes: Buffer): string => {
  const parts = [
    bytes.readUInt32LE(0).toString(16).padStart(8, '0'),
    bytes.readUInt16LE(4).toString(16).padStart(4, '0'),
    bytes.readUInt16LE(6).toString(16).padStart(4, '0'),
    bytes.toString('hex', 8, 10),
    bytes.toString('hex', 10, 16),
  ]
  return parts.join('-')
}

const whole = async (read: Read, offset: number, length: number): Promise<Buffer | undefined> => {
  const bytes = await read(offset, length)
  return bytes?.length === length ? Buffer.from(bytes.buffer, bytes.byteOffset, length) : undefined
}

/** GPT (UEFI Specification, 5.3.2 and 5.3.3): the header is in the second sector. */
const readGpt = async (read: Read, sectorBytes: number, diskSectors: number): Promise<PartitionTable | undefined> => {
  const header = await whole(read, sectorBytes, 92)
  if (header?.toString('latin1', 0, 8) !== 'EFI PART') return undefined
  const count = header.readUInt32LE(80)
  const entryBytes = header.readUInt32LE(84)
  const arrayBytes = count * entryBytes
  if (entryBytes < 128 || count === 0 || arrayBytes > largestArrayBytes) return undefined
  const array = await whole(read, Number(header.readBigUInt64LE(72)) * sectorBytes, arrayBytes)
  if (array === undefined) return undefined
  const entries = Array.from({ length: count }, (_, index): TableEntry | undefined => {
    const entry = array.subarray(index * entryBytes, (index + 1) * entryBytes)
    const type = identifierText(entry)
    const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))]
    if (/^[0-]+$/.test(type) || last < first) return undefined
    return { number: index + 1, start: first, begin: first, size: last - first + 1, kind: 'primary', type }
  })
  // At the end lies the copy: a sector for the header, and the array.
  const end = diskSectors - 1 - Math.ceil(arrayBytes / sectorBytes)
  return { label: 'gpt', sectorBytes, diskSectors, end, entries: entries.filter((entry) => entry !== undefined) }
}

interface MbrSlot {
  readonly type: number
  readonly start: number
  readonly size: number
}

/** The four slots of a boot record, master or not; undefined when it is none. */
const bootRecord = async (read: Read, sector: number, sectorBytes: number): Promise<MbrSlot[] | undefined> => {
  const bytes = await whole(read, sector * sectorBytes, 512)
  if (bytes?.readUInt16LE(510) !== 0xaa55) return undefined
  return [446, 462, 478, 494].map((at) => ({
    type: bytes[at + 4] ?? 0,
    start: bytes.readUInt32LE(at + 8),
    size: bytes.readUInt32LE(at + 12),
  }))
}

/** Logical partitions: a chain of boot records, each with one partition and the place of the next record. */
const readLogical = async (read: Read, sectorBytes: number, container: MbrSlot): Promise<TableEntry[]> => {
  const entries: TableEntry[] = []
  let record = container.start
  while (entries.length < mostLogicalPartitions) {
    const [own, next] = (await bootRecord(read, record, sectorBytes)) ?? []
    if (own !== undefined && own.type !== 0 && own.size > 0) {
      const number = firstLogicalNumber + entries.length
      entries.push({ number, start: record + own.start, size: own.size, begin: record, kind: 'logical' })
    }
    const nextRecord = next && containerTypes.has(next.type) ? container.start + next.start : 0
    if (nextRecord <= record) return entries
    record = nextRecord
  }
  return entries
}

const readMbr = async (
  read: Read,
  slots: readonly MbrSlot[],
  sectorBytes: number,
  diskSectors: number,
): Promise<PartitionTable> => {
  const entries: TableEntry[] = []
  for (const [index, slot] of slots.entries()) {
    if (slot.type === 0 || slot.size === 0) continue
    const kind = containerTypes.has(slot.type) ? 'container' : 'primary'
    entries.push({ number: index + 1, start: slot.start, begin: slot.start, size: slot.size, kind })
    if (kind === 'container') entries.push(...(await readLogical(read, sectorBytes, slot)))
  }
  return { label: 'dos', sectorBytes, diskSectors, end: Math.min(diskSectors, lastMbrSector), entries }
}

/** The table in the first sectors of a disk; undefined when there is none of the two kinds, or it can't be read. */
export const readTable = async (
  read: Read,
  sectorBytes: number,
  diskSectors: number,
): Promise<PartitionTable | undefined> => {
  const slots = await bootRecord(read, 0, sectorBytes)
  if (slots === undefined) return undefined
  if (slots.some(({ type }) => type === protectiveType)) return readGpt(read, sectorBytes, diskSectors)
  return readMbr(read, slots, sectorBytes, diskSectors)
}

/** The table of one of this machine's disks. */
export const tableOf = async (machine: Machine, disk: string): Promise<PartitionTable | undefined> => {
  const sectorBytes = logicalSectorBytes(machine, disk)
  const size = deviceSize(machine, disk)
  if (size === undefined) return undefined
  const read: Read = (offset, length) => machine.disks.readBytes(disk, offset, length)
  return readTable(read, sectorBytes, Math.floor(size / sectorBytes))
}
