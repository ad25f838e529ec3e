import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'

/** By kind of storage: a command that it needs, and the package that brings it. */
const tools: Readonly<Record<string, { readonly command: string; readonly package: string }>> = {
  zfs: { command: 'zfs', package: 'zfsutils-linux' },
  lvm: { command: 'lvcreate', package: 'lvm2' },
  btrfs: { command: 'mkfs.btrfs', package: 'btrfs-progs' },
}

/** Packages that the kinds of storage need and the machine lacks. */
export const missingPackages = (machine: Machine, kinds: readonly string[]): string[] =>
  Object.entries(tools)
    .filter(([kind, tool]) => kinds.includes(kind) && machine.which(tool.command) === undefined)
    .map(([, tool]) => tool.package)

/** Kinds of storage that a preseed asks for; none where it can't be read, which LXD itself will complain about. */
export const storageOfPreseed = (machine: Machine, preseed: string): string[] => {
  const pools = poolsOf(machine, preseed)
  return pools.filter(isJsonObject).flatMap((pool) => textAt(pool, 'driver') ?? [])
}

const poolsOf = (machine: Machine, preseed: string): readonly Json[] => {
  if (!preseed.includes('storage_pools')) return []
  try {
    const read = parseYaml(preseed, 'lxd.preseed')
    const pools = isJsonObject(read) ? read['storage_pools'] : undefined
    return Array.isArray(pools) ? pools : []
  } catch (error) {
    machine.log.warning(`what its storage needs is not installed, because it can't be read: ${messageOf(error)}`)
    return []
  }
}
