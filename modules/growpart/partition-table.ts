/** What is behind a partition. */
export interface Space {
  readonly isGpt: boolean
  /** True when growing gains more than alignment would take. */
  readonly isWorthwhile: boolean
}

interface Entry {
  readonly number: number
  /** In sectors. */
  readonly start: number
  readonly size: number
  readonly type: string
}

/** A gap of a mebibyte is what tools leave for alignment. */
export const alignmentBytes = 1024 * 1024
/** Sectors at the end of a GPT disk that its second copy takes, with 512-byte sectors. */
const gptTailSectors = 33
/** MBR can't count further. */
const lastMbrSector = 0xffffffff
/** MBR types that hold logical partitions: these do not count as neighbours of what lies inside them. */
const extended = new Set(['5', 'f', '85'])
const firstLogicalNumber = 5

const entryOf = (line: string): Entry | undefined => {
  const [, number, fields = ''] = /^\/dev\/\S*?(\d+) : (.+)$/.exec(line) ?? []
  const field = (name: string): string | undefined => new RegExp(`\\b${name}=\\s*([^,\\s]+)`).exec(fields)?.[1]
  const [start, size] = [Number(field('start')), Number(field('size'))]
  if (number === undefined || !Number.isInteger(start) || !Number.isInteger(size)) return undefined
  return { number: Number(number), start, size, type: (field('type') ?? '').toLowerCase() }
}

/**
 * Reads what `sfdisk --dump` prints (sectors of 512 bytes, or of the size it names).
 * @param disk512 size of the disk in 512-byte sectors (`blockdev --getsz`)
 * @returns undefined when the table does not have that partition
 */
export const spaceBehind = (dump: string, number: number, disk512: number): Space | undefined => {
  const lines = dump.split('\n')
  const header = (name: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim()
  const entries = lines.flatMap((line) => entryOf(line) ?? [])
  const own = entries.find((entry) => entry.number === number)
  if (own === undefined) return undefined

  const isGpt = header('label') === 'gpt'
  const sectorBytes = Number(header('sector-size') ?? 512)
  const diskSectors = Math.floor((disk512 * 512) / sectorBytes)
  const isLogical = !isGpt && number >= firstLogicalNumber
  const container = isLogical ? entries.find((entry) => extended.has(entry.type)) : undefined
  const ownEnd = own.start + own.size
  const neighbours = entries.filter(({ start, size }) => start >= ownEnd && size > 0)
  const wholeEnd = isGpt ? diskSectors - gptTailSectors : Math.min(diskSectors, lastMbrSector)
  const end = Math.min(container ? container.start + container.size : wholeEnd, ...neighbours.map(({ start }) => start))
  const gain = (end - ownEnd) * sectorBytes
  return { isGpt, isWorthwhile: gain > alignmentBytes }
}
