import { CommandError, ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { deviceSize, type Partition } from '../../src/machine/partition.ts'
import type { Growth } from './growth.ts'
import type { PartitionTable } from './partition-table.ts'
import { repartDefinitions } from './repart-definitions.ts'

/** A partition that is to grow. `growth` and `table` are missing where the table is of a kind that is not known here. */
export interface GrowTask {
  readonly partition: Partition
  readonly growth?: Growth
  readonly table?: PartitionTable
  /** For temporary files; not there yet. */
  readonly scratchFolder: string
}

/** A way to grow a partition. */
export interface GrowTool {
  readonly name: string
  isInstalled(machine: Machine): Promise<boolean>
  /** Whether it can do this one. */
  suits(task: GrowTask): boolean
  /**
   * Writes the new size. False: it is that already, and nothing was written.
   * @throws CommandError
   */
  grow(machine: Machine, task: GrowTask): Promise<boolean>
}

const timeoutSeconds = 120
// The lock keeps udev from reading a table that is half written (util-linux 2.36; older ones don't look).
const env = { LANG: 'C', LC_ALL: 'C', LOCK_BLOCK_DEVICE: 'yes' }

const withScratchFolder = async <T>(machine: Machine, folder: string, use: () => Promise<T>): Promise<T> => {
  machine.files.makeFolder(folder, { mode: 0o700 })
  try {
    return await use()
  } finally {
    machine.files.remove(folder)
  }
}

/**
 * Tells the kernel the size that the table has: by itself it reads no table of a disk that is in use.
 * @throws CommandError
 */
export const tellKernel = async (machine: Machine, { disk, number }: Partition): Promise<void> => {
  await machine.run(['partx', '--update', '--nr', String(number), disk], { timeoutSeconds })
}

/**
 * sfdisk(8) of util-linux, told the size that was computed from the table: one process, where growpart's script starts
 * dozens.
 */
const sfdisk: GrowTool = {
  name: 'sfdisk',
  isInstalled: async (machine) => machine.which('sfdisk') !== undefined && machine.which('partx') !== undefined,
  suits: ({ growth }) => growth !== undefined,
  grow: async (machine, { partition, growth, table }) => {
    const { disk } = partition
    for (const { number, sectors } of growth?.steps ?? []) {
      const argv = ['sfdisk', '--no-reread', '--no-tell-kernel', '--force', '-N', String(number), disk]
      const write = () => machine.run(argv, { input: `, ${sectors}\n`, env, timeoutSeconds })
      try {
        await write()
      } catch (error) {
        // The second copy of a GPT lies at the end of the disk as it was. sfdisk moves it of its own accord since 2.35.
        if (!(error instanceof CommandError) || table?.label !== 'gpt') throw error
        await machine.run(['sfdisk', '--relocate', 'gpt-bak-std', disk], {
          env,
          timeoutSeconds,
          allowedExitCodes: 'any',
        })
        await write()
      }
    }
    await tellKernel(machine, partition)
    return true
  },
}

/** growpart(1) of cloud-utils. Exit code 1: there is no room. */
const growpart: GrowTool = {
  name: 'growpart',
  isInstalled: async (machine) => machine.which('growpart') !== undefined,
  suits: () => true,
  grow: (machine, { partition: { disk, number }, scratchFolder }) =>
    withScratchFolder(machine, scratchFolder, async () => {
      const words = [disk, String(number)]
      // Its temporary files would otherwise lie in /tmp, which systemd-tmpfiles cleans while the machine starts.
      const options = { env: { LANG: 'C', LC_ALL: 'C', TMPDIR: scratchFolder }, timeoutSeconds }
      const dryRun = await machine.ask(['growpart', '--dry-run', ...words], { ...options, allowedExitCodes: [0, 1] })
      if (dryRun.exitCode === 1) return false
      await machine.run(['growpart', ...words], options)
      return true
    }),
}

/** FreeBSD's gpart(8); Debian has another program of that name. */
const gpart: GrowTool = {
  name: 'gpart',
  isInstalled: async (machine) => {
    if (machine.which('gpart') === undefined) return false
    const { stderr } = await machine.ask(['gpart', 'help'], { env, allowedExitCodes: 'any' })
    return stderr.includes('gpart recover ')
  },
  suits: () => true,
  grow: async (machine, { partition: { disk, number } }) => {
    await machine.run(['gpart', 'recover', disk], { timeoutSeconds })
    await machine.run(['gpart', 'resize', '-i', String(number), disk], { timeoutSeconds })
    return true
  },
}

/** systemd-repart(8), for images that have only that. It knows GPT alone. */
const repart: GrowTool = {
  name: 'systemd-repart',
  isInstalled: async (machine) => machine.which('systemd-repart') !== undefined,
  suits: ({ table }) => table?.label === 'gpt',
  grow: (machine, { partition, table, scratchFolder }) =>
    withScratchFolder(machine, scratchFolder, async () => {
      if (table === undefined) return false
      const { disk, number, path } = partition
      const before = deviceSize(machine, path)
      const definitions = repartDefinitions(table, number)
      for (const [name, text] of Object.entries(definitions)) machine.files.write(`${scratchFolder}/${name}`, text)
      const words = [
        `--definitions=${scratchFolder}`,
        '--dry-run=no',
        '--empty=refuse',
        '--discard=no',
        '--seed=random',
      ]
      await machine.run(['systemd-repart', ...words, '--no-pager', disk], { env, timeoutSeconds })
      // It does so itself where the kernel reads partition tables at all.
      if (deviceSize(machine, path) === before && machine.which('partx')) await tellKernel(machine, partition)
      return true
    }),
}

/** In the order in which `auto` tries them. */
const tools: readonly GrowTool[] = [sfdisk, growpart, gpart, repart]

/**
 * The tool that a mode names; undefined for `auto`, which tries all.
 * @throws ConfigError when it is not installed
 */
export const namedTool = async (machine: Machine, mode: string): Promise<GrowTool | undefined> => {
  if (mode === 'auto') return undefined
  const tool = tools.find(({ name }) => name === mode)
  if (tool && (await tool.isInstalled(machine))) return tool
  throw new ConfigError('growpart.mode', `${mode} is not installed; install it, or use auto`)
}

/** The tools that can do it, the one to be tried first at the front. */
export const toolsFor = async (machine: Machine, task: GrowTask, named: GrowTool | undefined): Promise<GrowTool[]> => {
  if (named !== undefined) return [named]
  const found: GrowTool[] = []
  for (const tool of tools) if (tool.suits(task) && (await tool.isInstalled(machine))) found.push(tool)
  return found
}
