import { isJsonObject, type JsonObject, objectAt } from './json.ts'
import type { Machine } from './machine.ts'

/**
 * What a module has appended to files so far. A boot that is cut off runs the module again, and must not append a second
 * time: before each append the size that the file will have is put down here.
 */
export interface AppendLog {
  /** Appends, unless that was done before the boot was cut off. `key` names the append within the module. */
  append(key: string, path: string, content: Uint8Array, write: () => void): void
  /**
   * The module is through, and noted down as done (ModuleContext.afterMark): the next run appends again. To be called also
   * when nothing was appended.
   */
  finish(): void
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

/**
 * @param file where it is kept, in the instance's folder
 * @param mark the module's run-once mark. A run that is there although the mark is set was asked for: it appends again.
 */
export const appendLog = (machine: Machine, file: string, mark: string): AppendLog => {
  const boot = machine.files.readTextIfExists('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
  const kept = read(machine, file)
  const isOver = kept['finished'] === true && (kept['boot'] !== boot || machine.files.exists(mark))
  const sizes = isOver ? {} : objectAt(kept, 'sizes')
  const save = (finished: boolean): void =>
    machine.files.write(file, JSON.stringify({ boot, finished, sizes }), { mode: 0o600 })
  return {
    append: (key, path, content, write) => {
      const size = sizes[key]
      if (typeof size === 'number' && sizeOf(machine, path) >= size) return
      sizes[key] = sizeOf(machine, path) + content.length
      save(false)
      write()
    },
    finish: () => {
      if (Object.keys(sizes).length > 0) save(true)
    },
  }
}
