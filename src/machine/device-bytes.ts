import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync } from 'node:fs'
import { attempt, KernelError } from './file-error.ts'

/** Runs `use` with a block device open for reading. Anything else is refused: a pipe could keep its reader for ever. */
const withDevice = <T>(action: string, path: string, use: (descriptor: number) => T): T =>
  attempt(action, path, () => {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    try {
      if (!fstatSync(descriptor).isBlockDevice()) throw new KernelError('ENOTBLK', 'it is no block device')
      return use(descriptor)
    } finally {
      closeSync(descriptor)
    }
  })

/**
 * `length` bytes from `offset` on, fewer where the device ends. They come from the kernel's cache of the device, which
 * also holds what another process has written and not flushed.
 * @throws FileError
 */
export const readDevice = (path: string, offset: number, length: number): Uint8Array =>
  withDevice('read', path, (descriptor) => {
    const bytes = new Uint8Array(length)
    let count = 0
    while (count < length) {
      const read = readSync(descriptor, bytes, count, length - count, offset + count)
      if (read === 0) break
      count += read
    }
    return bytes.subarray(0, count)
  })

/**
 * Waits until all that was written to the device is on the disk. The cache belongs to the device, not to who wrote: to
 * open it for reading is enough, and does not make udev look at it anew, as closing it after writing would.
 * @throws FileError
 */
export const flushDevice = (path: string): void => withDevice('flush', path, (descriptor) => fsyncSync(descriptor))
