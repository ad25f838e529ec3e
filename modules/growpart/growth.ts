import type { PartitionTable, TableEntry } from './partition-table.ts'

/** What is to be written so that a partition becomes as large as it can be. */
export interface Growth {
  /** In the order in which they are to be written: an extended partition grows before the one inside it. */
  readonly steps: readonly { readonly number: number; readonly sectors: number }[]
  /** How much larger the partition becomes. */
  readonly bytes: number
}

/** A gap of a mebibyte is what tools leave for alignment. */
export const alignmentBytes = 1024 * 1024
/**
 * Partitions end at a multiple of this: file systems use no less, and a LUKS volume with sectors of this size can't be
 * opened on a partition that has a piece of one more.
 */
const blockBytes = 4096

const endOf = ({ start, size }: TableEntry): number => start + size

/** The first sector behind `own` that is somebody else's, among its like; `limit` when there is none. */
const nextAfter = (own: TableEntry, likes: readonly TableEntry[], limit: number): number =>
  Math.min(limit, ...likes.filter(({ begin }) => begin >= endOf(own)).map(({ begin }) => begin))

/**
 * How much a partition can grow where it is; undefined when it fills the place that it has, or is no partition that
 * grows.
 */
export const growthOf = (table: PartitionTable, number: number): Growth | undefined => {
  const own = table.entries.find((entry) => entry.number === number)
  if (own === undefined || own.kind === 'container') return undefined
  const isLogical = own.kind === 'logical'
  const outer = table.entries.filter(({ kind }) => kind !== 'logical')
  const container = outer.find(({ kind }) => kind === 'container')
  if (isLogical && container === undefined) return undefined

  const around = isLogical && container ? nextAfter(container, outer, table.end) : table.end
  const likes = isLogical ? table.entries.filter(({ kind }) => kind === 'logical') : outer
  const block = Math.max(1, blockBytes / table.sectorBytes)
  const end = Math.floor(nextAfter(own, likes, around) / block) * block
  const bytes = (end - endOf(own)) * table.sectorBytes
  if (bytes <= alignmentBytes) return undefined

  const steps = [{ number, sectors: end - own.start }]
  if (isLogical && container && end > endOf(container)) {
    steps.unshift({ number: container.number, sectors: end - container.start })
  }
  return { steps, bytes }
}
