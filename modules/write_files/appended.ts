import { isJsonObject, type JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'

/**
 * What has been appended so far. A boot that is cut off runs the module again, and must not append a second time: before
 * each append the size that the file will have is put down here.
 */
export interface AppendLog {
  isDone(index: number, path: string): boolean
  /** To be called right before the append. */
  announce(index: number, path: string, bytes: number): void
  /** The module is through: the next run, for another instance, appends again. */
  forget(): void
}

const read = (machine: Machine, file: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(machine.files.readTextIfExists(file) ?? '{}')
    return isJsonObject(value) ? value : {}
  } catch {
    // Cut off while it was first written: then nothing has been appended yet.
    return {}
  }
}

const sizeOf = (machine: Machine, path: string): number => machine.files.stat(path)?.size ?? 0

export const appendLog = (machine: Machine, file: string): AppendLog => {
  const sizes = read(machine, file)
  return {
    isDone: (index, path) => {
      const size = sizes[`${index} ${path}`]
      return typeof size === 'number' && sizeOf(machine, path) >= size
    },
    announce: (index, path, bytes) => {
      sizes[`${index} ${path}`] = sizeOf(machine, path) + bytes
      machine.files.write(file, JSON.stringify(sizes), { mode: 0o600 })
    },
    forget: () => machine.files.remove(file),
  }
}
