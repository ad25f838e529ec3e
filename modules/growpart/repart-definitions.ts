import type { PartitionTable } from './partition-table.ts'

/**
 * Definitions for systemd-repart (repart.d(5)) by which one partition grows, by file name. It matches files with the
 * partitions of the same type in the order in which they lie on the disk; those before the one that is to grow may have
 * the size that they have. There are as many files as partitions: nothing is made.
 */
export const repartDefinitions = (table: PartitionTable, number: number): Readonly<Record<string, string>> => {
  const own = table.entries.find((entry) => entry.number === number)
  const before = table.entries.filter(({ type, start }) => own && type === own.type && start < own.start)
  const files = before.toSorted((one, other) => one.start - other.start).map(({ size }) => size * table.sectorBytes)
  const texts = [...files, undefined].map((size) => {
    const limit = size === undefined ? [] : [`SizeMinBytes=${size}`, `SizeMaxBytes=${size}`]
    return ['[Partition]', `Type=${own?.type ?? ''}`, ...limit, 'GrowFileSystem=no', ''].join('\n')
  })
  return Object.fromEntries(texts.map((text, index) => [`${String(index).padStart(3, '0')}.conf`, text]))
}
