import { posix } from 'node:path'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { mountOf } from '../../src/machine/mount-table.ts'

export interface SwapSettings {
  readonly filename?: string
  readonly size?: number | string
  readonly maxsize?: number | string
}

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30
const units: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: mebibyte, G: gibibyte, T: 2 ** 40 }

/** Bytes of a size such as `1.5G`, `512M`, `10485760`. @throws ConfigError */
export const bytesOf = (size: number | string, key: string): number => {
  if (typeof size === 'number') return size
  const [, number, unit = 'B'] = /^([0-9]*\.?[0-9]+)([BKMGT])?(?:i?B)?$/.exec(size.trim()) ?? []
  if (number === undefined)
    throw new ConfigError(key, `${JSON.stringify(size)} is not a size; use a form such as 2G or 512M`)
  return Math.floor(Number(number) * (units[unit] ?? 1))
}

/**
 * A size for a machine with so much memory, and so much room on the disk: as much as the memory, of a large memory less,
 * and never most of the disk. All in bytes.
 */
export const suggestedSize = (memory: number, free: number | undefined, most: number | undefined): number => {
  const usual =
    memory < 4 * gibibyte
      ? memory
      : memory < 16 * gibibyte
        ? 4 * gibibyte
        : Math.round(Math.sqrt(memory / gibibyte)) * gibibyte
  if (free === undefined) return Math.min(usual, most ?? memory * 2)
  const room = most === undefined ? Math.min(Math.floor(free / 4), memory * 2) : Math.min(most, Math.floor(free * 0.9))
  return Math.min(usual, room)
}

const memoryBytes = (machine: Machine): number | undefined => {
  const [, kibibytes] = /^MemTotal:\s+(\d+) kB/m.exec(machine.files.readTextIfExists('/proc/meminfo') ?? '') ?? []
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** The nearest folder above that is there. */
const existingFolder = (machine: Machine, folder: string): string =>
  folder === '/' || machine.files.exists(folder) ? folder : existingFolder(machine, posix.dirname(folder))

const freeBytes = async (machine: Machine, folder: string): Promise<number | undefined> => {
  try {
    const { stdout } = await machine.ask(['df', '-P', '-k', existingFolder(machine, folder)], { timeoutSeconds: 30 })
    const available = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/)[3])
    return Number.isFinite(available) ? available * 1024 : undefined
  } catch {
    return undefined
  }
}

/** How large the file is to be, in whole mebibytes; undefined: none. */
const mebibytesOf = async (machine: Machine, { size = 0, maxsize }: SwapSettings, folder: string) => {
  if (String(size).trim().toLowerCase() !== 'auto') return Math.floor(bytesOf(size, 'swap.size') / mebibyte)
  const memory = memoryBytes(machine)
  if (memory === undefined) return 0
  const most = maxsize === undefined ? undefined : bytesOf(maxsize, 'swap.maxsize')
  return Math.floor(suggestedSize(memory, await freeBytes(machine, folder), most) / mebibyte)
}

/** True when the kernel swaps to it, and when nobody can tell. */
const isInUse = (machine: Machine, file: string): boolean => {
  if (!machine.files.exists(file)) return false
  const swaps = machine.files.readTextIfExists('/proc/swaps')
  return swaps === undefined || swaps.split('\n').some((line) => line.startsWith(`${file} `))
}

/** Space that is really there: a file with holes is no swap file. */
const fill = async (machine: Machine, file: string, mebibytes: number): Promise<void> => {
  if (machine.which('fallocate') !== undefined) {
    try {
      await machine.run(['fallocate', '-l', `${mebibytes}M`, file])
      return
    } catch (error) {
      machine.log.info(`swap: ${messageOf(error)}; writing zeros instead`)
    }
  }
  await machine.run(['dd', 'if=/dev/zero', `of=${file}`, 'bs=1M', `count=${mebibytes}`])
}

const make = async (machine: Machine, file: string, mebibytes: number): Promise<void> => {
  machine.files.remove(file)
  // Nobody but root reads the memory of others.
  machine.files.write(file, '', { mode: 0o600 })
  // btrfs swaps to a file only when it was made for that while it was empty.
  if (mountOf(machine, file)?.type === 'btrfs') await machine.run(['chattr', '+C', file])
  try {
    await fill(machine, file, mebibytes)
    await machine.run(['mkswap', file])
  } catch (error) {
    machine.files.remove(file)
    throw error
  }
}

/**
 * Makes the swap file that is asked for, unless it is in use already.
 * @returns its path; undefined when none is asked for
 * @throws CommandError, ConfigError
 */
export const setUpSwapFile = async (
  { machine }: ModuleContext,
  settings: SwapSettings,
): Promise<string | undefined> => {
  const { filename: file = '/swap.img', size = 0 } = settings
  if (size === 0 || size === '' || file === '') return undefined
  if (!file.startsWith('/')) throw new ConfigError('swap.filename', `${JSON.stringify(file)} is not an absolute path`)
  if (isInUse(machine, file)) return file
  const mebibytes = await mebibytesOf(machine, settings, posix.dirname(file))
  if (mebibytes <= 0) {
    machine.log.debug('swap: there is no room for a swap file, or less than a mebibyte is asked for')
    return undefined
  }
  await make(machine, file, mebibytes)
  return file
}
