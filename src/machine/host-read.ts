import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { KernelError, tooLarge } from './file-error.ts'
import { typeOf } from './host-paths.ts'

/** Files in /proc and /sys say that they are empty: they are read in pieces of this size. */
const pieceSize = 64 * 1024

const readPieces = (descriptor: number, size: number, limit: number): Uint8Array => {
  const pieces: Uint8Array[] = []
  let total = 0
  // One byte more than expected, so that the end is seen without another round.
  let room = size > 0 ? size + 1 : pieceSize
  while (true) {
    const piece = Buffer.allocUnsafe(room)
    const count = readSync(descriptor, piece, 0, room, null)
    if (count === 0) break
    pieces.push(count === room ? piece : piece.subarray(0, count))
    total += count
    if (total > limit) throw tooLarge(total, limit)
    room = size > total ? size - total + 1 : pieceSize
  }
  const [only] = pieces
  return pieces.length === 1 && only ? only : Buffer.concat(pieces)
}

/**
 * The bytes of a regular file, by its host path. A pipe or device is refused: reading one could wait for ever.
 * @throws the kernel's error, or KernelError
 */
export const readFile = (path: string, limit: number): Uint8Array => {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    const stats = fstatSync(descriptor)
    if (stats.isDirectory()) throw new KernelError('EISDIR')
    if (!stats.isFile()) throw new KernelError('ENXIO', `it is a ${typeOf(stats)}, not a file`)
    if (stats.size > limit) throw tooLarge(stats.size, limit)
    return readPieces(descriptor, stats.size, limit)
  } finally {
    closeSync(descriptor)
  }
}
