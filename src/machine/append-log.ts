import { isJsonObject, type JsonObject } from './json.ts'
import type { Machine } from './machine.ts'

/**
 * What a module has appended to files so far. A boot that is cut off runs the module again, and must not append a second
 * time: before each append the size that the file will have is put down here.
 */
export interface AppendLog {
  /** Appends, unless that was done before the boot was cut off. `key` names the append within the module. */
  append(key: string, path: string, content: Uint8Array, write: () => void): void
  /** The module is through, and noted down as done (ModuleContext.afterMark): nothing of this needs to be known any more. */
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
 * After a power cut the file may have its new size, but zeros in place of what was appended: ext4 keeps the two in order
 * only where the file grows by a block. Then that is put in; whatever else stands there stays.
 */
const mend = ({ files }: Machine, path: string, size: number, content: Uint8Array): void => {
  if (files.stat(path)?.type !== 'file') return
  const bytes = Buffer.from(files.readBytes(path))
  const start = size - content.length
  const there = bytes.subarray(start, size)
  const isTorn = there.includes(0) && there.every((byte, index) => byte === 0 || byte === content[index])
  if (isTorn && Buffer.compare(there, content) !== 0)
    files.write(path, Buffer.concat([bytes.subarray(0, start), content, bytes.subarray(size)]))
}

/**
 * @param file where it is kept, in the instance's folder
 * @param mark the module's run-once mark. A run that is there although the mark is set was asked for: it appends again.
 */
export const appendLog = (machine: Machine, file: string, mark: string): AppendLog => {
  const sizes = machine.files.exists(mark) ? {} : read(machine, file)
  return {
    append: (key, path, content, write) => {
      const size = sizes[key]
      if (typeof size === 'number' && sizeOf(machine, path) >= size) return mend(machine, path, size, content)
      sizes[key] = sizeOf(machine, path) + content.length
      machine.files.write(file, JSON.stringify(sizes), { mode: 0o600, isDurable: true })
      write()
    },
    finish: () => machine.files.remove(file),
  }
}
