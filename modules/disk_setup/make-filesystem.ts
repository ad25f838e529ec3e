import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { isDevice } from '../../src/machine/disk-names.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type BlockNode, blockNodes, fileSystemOn } from './probe.ts'

export interface FileSystemDefinition {
  readonly label?: string
  readonly filesystem?: string
  readonly partition: string
  readonly overwrite?: boolean
  readonly replace_fs?: string
  readonly extra_opts?: string | readonly string[]
  readonly cmd?: string | readonly string[]
}

const numbered = (disk: string, number: string): string => `${disk}${/\d$/.test(disk) ? 'p' : ''}${number}`

/** The partition with that number; undefined when it has the file system already. */
const chosenPartition = async (
  machine: Machine,
  disk: string,
  { partition, label = '', filesystem, overwrite }: FileSystemDefinition,
  key: string,
): Promise<string | undefined> => {
  const device = numbered(disk, partition)
  if (!isDevice(machine, device)) throw new ConfigError(`${key}.partition`, `there is no partition ${device}`)
  const found = await fileSystemOn(machine, device)
  return found.type === filesystem && found.label === label && !overwrite ? undefined : device
}

/**
 * The first free place on a disk; undefined when the file system is there already.
 * @throws ConfigError when all of it is taken
 */
const freePlace = (
  nodes: readonly BlockNode[],
  disk: string,
  { partition, label = '', filesystem, replace_fs: replaced }: FileSystemDefinition,
  key: string,
): string | undefined => {
  const byLabel = partition === 'auto'
  const isReplaced = ({ fileSystem }: BlockNode): boolean =>
    !byLabel && replaced !== undefined && fileSystem === replaced
  const isSame = (node: BlockNode): boolean =>
    filesystem !== undefined && node.fileSystem === filesystem && (!byLabel || node.label === label)
  const isFree = ({ type, fileSystem }: BlockNode): boolean => type === 'part' && fileSystem === ''
  const place = nodes.find((node) => isReplaced(node) || isSame(node) || isFree(node))
  if (place !== undefined) return isSame(place) && !isReplaced(place) ? undefined : place.path
  if (nodes.every(({ type, fileSystem }) => type !== 'part' && fileSystem === '')) return disk
  throw new ConfigError(
    key,
    `there is no room for it on ${disk}: everything holds a file system; nothing is overwritten`,
  )
}

const placeFor = async (machine: Machine, disk: string, definition: FileSystemDefinition, key: string) => {
  const { partition } = definition
  if (/^\d+$/.test(partition)) return chosenPartition(machine, disk, definition, key)
  if (partition === 'none') return disk
  if (partition === 'any' || partition === 'auto')
    return freePlace(await blockNodes(machine, disk), disk, definition, key)
  throw new ConfigError(`${key}.partition`, `${JSON.stringify(partition)} is not a number, any, auto or none`)
}

const forceFlags: Readonly<Record<string, string>> = { btrfs: '-f', reiserfs: '-f', swap: '-f', xfs: '-f' }

const forceFlag = (type: string): string | undefined => (/^ext/.test(type) ? '-F' : forceFlags[type])

/** Only FAT has another letter for it. */
const labelFlag = (type: string): string => (['vfat', 'fat', 'msdos'].includes(type) ? '-n' : '-L')

const toolFor = (machine: Machine, type: string, key: string): string => {
  if (!/^[\w.+-]+$/.test(type))
    throw new ConfigError(`${key}.filesystem`, `${JSON.stringify(type)} is not a file system`)
  const tool = [`mkfs.${type}`, `mk${type}`].find((command) => machine.which(command) !== undefined)
  if (tool !== undefined) return tool
  throw new ConfigError(`${key}.filesystem`, `mkfs.${type} is not installed, so no ${type} can be made`)
}

const wordsOf = (options: string | readonly string[] = []): readonly string[] =>
  typeof options === 'string' ? options.split(/\s+/).filter(Boolean) : options

const usualCommand = async (
  machine: Machine,
  device: string,
  type: string,
  definition: FileSystemDefinition,
  key: string,
): Promise<string[]> => {
  const { label, overwrite, extra_opts: options } = definition
  const [self] = await blockNodes(machine, device)
  // The tools ask before they use a whole disk.
  const force = overwrite || self?.type === 'disk' ? forceFlag(type) : undefined
  const named = label === undefined || label === '' ? [] : [labelFlag(type), label]
  return [toolFor(machine, type, key), ...named, ...(force === undefined ? [] : [force]), ...wordsOf(options), device]
}

/** A text is for a shell, a list is a command as it is. */
const ownCommand = (given: string | readonly string[], device: string, definition: FileSystemDefinition): string[] => {
  const { label = '', filesystem = '' } = definition
  const values: Readonly<Record<string, string>> = { label, filesystem, device }
  const filled = (text: string) => text.replaceAll(/%\((\w+)\)s/g, (whole, name: string) => values[name] ?? whole)
  return typeof given === 'string' ? ['sh', '-c', filled(given)] : given.map(filled)
}

/**
 * Makes a file system as it is defined, unless it is there already.
 * @param disk the device file, no link
 * @throws CommandError, ConfigError
 */
export const makeFileSystem = async (
  { machine }: ModuleContext,
  disk: string,
  definition: FileSystemDefinition,
  key: string,
): Promise<void> => {
  const { filesystem, cmd = [] } = definition
  const device = await placeFor(machine, disk, definition, key)
  if (device === undefined) {
    machine.log.debug(`${key}: ${disk} has this file system already`)
    return
  }
  if (cmd.length > 0) {
    if (definition.overwrite || definition.extra_opts) {
      machine.log.warning(`${key}: overwrite and extra_opts mean nothing beside cmd`)
    }
    await machine.run(ownCommand(cmd, device, definition))
    return
  }
  if (filesystem === undefined) throw new ConfigError(key, 'filesystem is missing, and there is no cmd either')
  await machine.run(await usualCommand(machine, device, filesystem, definition, key))
}
