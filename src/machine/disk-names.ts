import { isJsonObject, type JsonObject } from './json.ts'
import type { Machine } from './machine.ts'

/** A disk as the configuration names it, perhaps with the number of a partition: `ephemeral0.1`. */
export interface DiskName {
  readonly disk: string
  /** As written behind the last dot; undefined when there is none. */
  readonly partition: string | undefined
}

export const splitDiskName = (name: string): DiskName => {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? { disk: name, partition: undefined } : { disk: name.slice(0, dot), partition: name.slice(dot + 1) }
}

/** `device_aliases` of the configuration: names of one's own for disks. */
export const deviceAliases = (cloudConfig: JsonObject): ReadonlyMap<string, string> => {
  const given = cloudConfig['device_aliases']
  const entries = isJsonObject(given) ? Object.entries(given) : []
  return new Map(entries.flatMap(([alias, device]) => (typeof device === 'string' ? [[alias, device] as const] : [])))
}

/** The file of a partition by its disk and number: `/dev/sdb1`, `/dev/nvme0n1p1`, `/dev/disk/by-id/x-part1`. */
export const partitionFile = (machine: Machine, disk: string, number: string): string | undefined =>
  [`${disk}${number}`, `${disk}p${number}`, `${disk}-part${number}`].find((path) => isDevice(machine, path))

export const isDevice = (machine: Machine, path: string): boolean => machine.files.stat(path)?.type === 'device'
