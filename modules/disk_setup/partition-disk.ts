import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { gptCode, gptGuid, gptScript, isLaidOut, type Layout, mbrScript, partitionsOf, type Wanted } from './layout.ts'
import { blockNodes, fileSystemOn, settle } from './probe.ts'

export interface DiskDefinition {
  readonly table_type?: 'mbr' | 'gpt'
  readonly layout?: 'remove' | false | Layout
  readonly overwrite?: boolean
}

const partitionable = new Set(['disk', 'loop'])
const eraseSectors = 2048

/** Types of the partitions that are there (sfdisk(8), --dump); undefined where the table does not say. */
const partitionTypes = async (machine: Machine, disk: string): Promise<(string | undefined)[]> => {
  const { stdout } = await machine.ask(['sfdisk', '--dump', disk], { allowedExitCodes: 'any' })
  const lines = stdout.split('\n').filter((line) => line.startsWith('/dev/') && line.includes(' : '))
  return lines.map((line) => /\btype=\s*([\w-]+)/.exec(line)?.[1])
}

const isUsed = async (machine: Machine, disk: string): Promise<boolean> =>
  (await blockNodes(machine, disk)).length > 1 || (await fileSystemOn(machine, disk)).type !== ''

const numberFrom = async (machine: Machine, argv: readonly string[]): Promise<number> =>
  Number((await machine.ask(argv)).stdout.trim())

/** Size in sectors of the disk's own size. */
const sectorsOf = async (machine: Machine, disk: string): Promise<number> => {
  const bytes = await numberFrom(machine, ['blockdev', '--getsize64', disk])
  const sectorBytes = await numberFrom(machine, ['blockdev', '--getss', disk])
  if (!(bytes > 0 && sectorBytes > 0)) throw new ConfigError(disk, 'its size is not known')
  return Math.floor(bytes / sectorBytes)
}

/** Tells the kernel about the new table. A failure here shows when the partitions are used. */
const reread = async (machine: Machine, disk: string): Promise<void> => {
  const command = machine.which('partprobe') === undefined ? ['blockdev', '--rereadpt', disk] : ['partprobe', disk]
  await settle(machine)
  try {
    await machine.run(command)
  } catch (error) {
    machine.log.warning(`the kernel may not know the new partitions of ${disk}: ${messageOf(error)}`)
  }
  await settle(machine)
}

const makeGpt = async (machine: Machine, disk: string, partitions: readonly Wanted[]): Promise<void> => {
  if (machine.which('sgdisk') === undefined) {
    const unknown = partitions.find(({ type }) => type !== undefined && gptGuid(type) === undefined)
    if (unknown)
      machine.log.warning(
        `${disk}: sgdisk is not installed, and ${unknown.type} is not known: it becomes a Linux partition`,
      )
    await machine.run(['sfdisk', '-X', 'gpt', '--force', disk], { input: gptScript(partitions) })
    return
  }
  await machine.run(['sgdisk', '-Z', disk])
  for (const [index, { sectors, type }] of partitions.entries()) {
    const number = index + 1
    await machine.run(['sgdisk', '-n', `${number}:0:${sectors === undefined ? 0 : `+${sectors}`}`, disk])
    if (type !== undefined) await machine.run(['sgdisk', '-t', `${number}:${gptCode(type)}`, disk])
  }
}

/** Both copies of a GPT, and an MBR: the first and the last mebibyte, after the signatures within the partitions. */
const removeTable = async (machine: Machine, disk: string): Promise<void> => {
  for (const { path, type } of await blockNodes(machine, disk)) {
    if (!partitionable.has(type) && type !== 'crypt') await machine.run(['wipefs', '--all', path])
  }
  const sectors = (await numberFrom(machine, ['blockdev', '--getsize64', disk])) / 512
  const zeros = ['dd', 'if=/dev/zero', `of=${disk}`, 'bs=512', 'conv=fsync,notrunc']
  await machine.run([...zeros, `count=${Math.min(eraseSectors, sectors)}`])
  if (sectors > eraseSectors) await machine.run([...zeros, `seek=${sectors - eraseSectors}`, `count=${eraseSectors}`])
  await reread(machine, disk)
}

/**
 * Partitions a disk as it is defined, unless it is so already, or holds something and must not be overwritten.
 * @param disk its device file, no link
 * @throws CommandError, ConfigError
 */
export const partitionDisk = async (
  { machine }: ModuleContext,
  disk: string,
  definition: DiskDefinition,
  key: string,
): Promise<void> => {
  const { table_type: table = 'mbr', layout = false, overwrite = false } = definition
  if (layout === false || (Array.isArray(layout) && layout.length === 0)) return
  const [self] = await blockNodes(machine, disk)
  if (self === undefined || !partitionable.has(self.type)) throw new ConfigError(key, `${disk} is not a disk`)
  if (layout === 'remove') return removeTable(machine, disk)
  const isGpt = table === 'gpt'
  if (isLaidOut(layout, isGpt, await partitionTypes(machine, disk))) {
    machine.log.debug(`${key}: ${disk} is partitioned like this already`)
    return
  }
  if (!overwrite && (await isUsed(machine, disk))) {
    machine.log.info(`${key}: ${disk} holds something already and is left alone; overwrite: true would replace it`)
    return
  }
  const partitions = partitionsOf(layout, isGpt, await sectorsOf(machine, disk), `${key}.layout`)
  if (isGpt) await makeGpt(machine, disk, partitions)
  else await machine.run(['sfdisk', '--force', disk], { input: mbrScript(partitions) })
  await reread(machine, disk)
}
