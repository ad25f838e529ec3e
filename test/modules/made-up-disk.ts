/** The bytes of partition tables, for disks that exist in memory only. Sectors of 512 bytes. */

export interface MadeUpPartition {
  readonly number: number
  readonly start: number
  readonly size: number
}

const sector = 512
const linuxType = Buffer.from('af3dc60f838472478e793d69d8477de4', 'hex')

const slot = (bytes: Buffer, at: number, type: number, start: number, size: number): void => {
  bytes[at + 4] = type
  bytes.writeUInt32LE(start, at + 8)
  bytes.writeUInt32LE(size, at + 12)
}

const signed = (bytes: Buffer, record: number): void => void bytes.writeUInt16LE(0xaa55, record * sector + 510)

/** A GPT disk, its first mebibyte. */
export const gptBytes = (partitions: readonly MadeUpPartition[]): Buffer => {
  const bytes = Buffer.alloc(1024 * 1024)
  signed(bytes, 0)
  slot(bytes, 446, 0xee, 1, 0xffffffff)
  bytes.write('EFI PART', sector, 'latin1')
  bytes.writeBigUInt64LE(2n, sector + 72)
  bytes.writeUInt32LE(128, sector + 80)
  bytes.writeUInt32LE(128, sector + 84)
  for (const { number, start, size } of partitions) setGptEntry(bytes, { number, start, size })
  return bytes
}

export const setGptEntry = (bytes: Buffer, { number, start, size }: MadeUpPartition): void => {
  const at = 2 * sector + (number - 1) * 128
  linuxType.copy(bytes, at)
  bytes.writeBigUInt64LE(BigInt(start), at + 32)
  bytes.writeBigUInt64LE(BigInt(start + size - 1), at + 40)
}

/** An MBR disk; logical partitions (number over 4) have their boot record 2048 sectors before them. */
export const mbrBytes = (partitions: readonly MadeUpPartition[], container?: MadeUpPartition): Buffer => {
  const logical = partitions.filter(({ number }) => number > 4)
  const last = Math.max(0, ...logical.map(({ start }) => start))
  const bytes = Buffer.alloc((last + 8) * sector)
  signed(bytes, 0)
  for (const { number, start, size } of partitions) {
    if (number < 5) slot(bytes, 446 + (number - 1) * 16, 0x83, start, size)
  }
  if (container) slot(bytes, 446 + (container.number - 1) * 16, 0x0f, container.start, container.size)
  for (const [index, { start, size }] of logical.entries()) {
    const record = start - 2048
    const next = logical[index + 1]
    signed(bytes, record)
    slot(bytes, record * sector + 446, 0x83, 2048, size)
    if (next) slot(bytes, record * sector + 462, 0x05, next.start - 2048 - (container?.start ?? 0), next.size + 2048)
  }
  return bytes
}
