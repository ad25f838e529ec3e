import type { Machine } from '../../src/machine/machine.ts'
import {
  bytesBehind,
  deviceSize,
  isReadOnlyDevice,
  type Partition,
  partitionStart,
} from '../../src/machine/partition.ts'
import { alignmentBytes, type Growth, growthOf } from './growth.ts'
import { type PartitionTable, tableOf } from './partition-table.ts'

/** What there is to be done with a partition. */
export type Room =
  /** It is as large as it can be. */
  | { readonly kind: 'none' }
  /** It could be larger, or something is wrong with it, and nothing may be written. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The table has the new size already, and the kernel does not know it: a run before was cut off. */
  | { readonly kind: 'untold' }
  /** `growth` and `table` are missing where the table is of a kind that is not known here: then a tool has to look. */
  | { readonly kind: 'some'; readonly growth?: Growth; readonly table?: PartitionTable }

const none: Room = { kind: 'none' }
const refused = (reason: string): Room => ({ kind: 'refused', reason })

const byKernel = (machine: Machine, partition: Partition): Room =>
  (bytesBehind(machine, partition) ?? Number.POSITIVE_INFINITY) > alignmentBytes ? { kind: 'some' } : none

const byTable = (machine: Machine, partition: Partition, table: PartitionTable): Room => {
  const { path, disk, number } = partition
  const entry = table.entries.find((candidate) => candidate.number === number)
  const [start, size] = [partitionStart(machine, partition), deviceSize(machine, path)]
  // Only what both say is written: a table that says something else was changed by somebody who is not done yet.
  if (entry === undefined || start !== entry.start * table.sectorBytes) {
    return refused(`the partition table on ${disk} is not the one that the kernel uses; restart the machine`)
  }
  if (entry.start + entry.size > table.diskSectors) {
    const [needed, has] = [(entry.start + entry.size) * table.sectorBytes, table.diskSectors * table.sectorBytes]
    return refused(`it ends at ${needed} bytes, and ${disk} has only ${has}: the end of the disk is missing`)
  }
  const growth = growthOf(table, number)
  if (growth) return { kind: 'some', growth, table }
  return size !== undefined && size < entry.size * table.sectorBytes ? { kind: 'untold' } : none
}

/** Looks at the kernel's view and at the table on the disk; starts no process. */
export const roomOf = async (machine: Machine, partition: Partition): Promise<Room> => {
  const table = await tableOf(machine, partition.disk)
  const room = table ? byTable(machine, partition, table) : byKernel(machine, partition)
  const wantsMore = room.kind === 'some' || room.kind === 'untold'
  if (wantsMore && isReadOnlyDevice(machine, partition.disk)) return refused(`${partition.disk} is read-only`)
  return room
}
