import { CommandError, ConfigError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { Partition } from '../../src/machine/partition.ts'
import { spaceBehind } from './partition-table.ts'

/** A way to grow a partition. */
export interface GrowTool {
  readonly name: string
  isInstalled(machine: Machine): Promise<boolean>
  /**
   * Makes the partition as large as it can be. False: it is that already, and nothing was written.
   * @throws CommandError
   */
  grow(machine: Machine, partition: Partition, scratchFolder: string): Promise<boolean>
}

const timeoutSeconds = 120
const english = { LANG: 'C', LC_ALL: 'C' }

/** growpart(1) of cloud-utils. Exit code 1: there is no room. */
const growpart: GrowTool = {
  name: 'growpart',
  isInstalled: async (machine) => machine.which('growpart') !== undefined,
  grow: async (machine, { disk, number }, scratchFolder) => {
    const words = [disk, String(number)]
    // Its temporary files would otherwise lie in /tmp, which systemd-tmpfiles cleans while the machine starts.
    const options = { env: { ...english, TMPDIR: scratchFolder }, timeoutSeconds }
    machine.files.makeFolder(scratchFolder, { mode: 0o700 })
    try {
      const dryRun = await machine.ask(['growpart', '--dry-run', ...words], { ...options, allowedExitCodes: [0, 1] })
      if (dryRun.exitCode === 1) return false
      await machine.run(['growpart', ...words], options)
      return true
    } finally {
      machine.files.remove(scratchFolder)
    }
  },
}

/** FreeBSD's gpart(8). */
const gpart: GrowTool = {
  name: 'gpart',
  isInstalled: async (machine) => {
    if (machine.which('gpart') === undefined) return false
    const { stderr } = await machine.ask(['gpart', 'help'], { env: english, allowedExitCodes: 'any' })
    return stderr.includes('gpart recover ')
  },
  grow: async (machine, { disk, number }) => {
    await machine.run(['gpart', 'recover', disk], { timeoutSeconds })
    await machine.run(['gpart', 'resize', '-i', String(number), disk], { timeoutSeconds })
    return true
  },
}

/** sfdisk(8) and partx(8) of util-linux, for images without growpart. */
const sfdisk: GrowTool = {
  name: 'sfdisk',
  isInstalled: async (machine) => machine.which('sfdisk') !== undefined && machine.which('partx') !== undefined,
  grow: async (machine, { disk, number }) => {
    const { stdout } = await machine.ask(['sfdisk', '--dump', disk], { env: english, timeoutSeconds })
    const size = await machine.ask(['blockdev', '--getsz', disk], { timeoutSeconds })
    const space = spaceBehind(stdout, number, Number(size.stdout.trim()))
    if (space === undefined)
      throw new CommandError(['sfdisk', '--dump', disk], 0, '', '', `does not list partition ${number}`)
    if (!space.isWorthwhile) return false
    // The second copy of a GPT lies at the end of the disk as it was: it must move before the partition can follow.
    if (space.isGpt)
      await machine.run(['sfdisk', '--relocate', 'gpt-bak-std', disk], { timeoutSeconds, allowedExitCodes: 'any' })
    const argv = ['sfdisk', '--no-reread', '--no-tell-kernel', '--force', '-N', String(number), disk]
    await machine.run(argv, { input: ', +\n', env: english, timeoutSeconds })
    await machine.run(['partx', '--update', '--nr', String(number), disk], { timeoutSeconds })
    return true
  },
}

/** In the order in which `auto` tries them. */
const tools: readonly GrowTool[] = [growpart, gpart, sfdisk]

/**
 * The tool that a mode asks for; for `auto` the first that is installed.
 * @throws ConfigError when the one that was asked for by name is not installed
 */
export const chooseTool = async (machine: Machine, mode: string): Promise<GrowTool | undefined> => {
  for (const tool of tools) {
    if (mode !== 'auto' && tool.name !== mode) continue
    if (await tool.isInstalled(machine)) return tool
  }
  if (mode === 'auto') return undefined
  throw new ConfigError('growpart.mode', `${mode} is not installed; install it, or use auto`)
}
