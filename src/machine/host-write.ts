import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { reasonOf } from './file-error.ts'
import type { Owner } from './files.ts'
import { nameOf, parentOf } from './tree.ts'

export interface WrittenFile {
  readonly content: Uint8Array
  readonly mode: number
  /** undefined: whoever runs firstlight. */
  readonly owner: Owner | undefined
  /** Wait for the disk, whatever is replaced. */
  readonly isDurable?: boolean
}

export const writeAll = (descriptor: number, content: Uint8Array): void => {
  for (let written = 0; written < content.length; ) written += writeSync(descriptor, content, written)
}

const temporaryFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/**
 * The same name at each try: what a boot leaves behind that is cut off here is replaced by the next one, which writes the
 * same file. A leading dot and the ending keep it out of folders that are read by pattern (`*.cfg`, sudoers.d).
 */
export const temporaryName = (path: string): string => {
  const name = Buffer.from(nameOf(path))
    .subarray(0, 230)
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '_')
  return `${parentOf(path)}/.${name}.firstlight`
}

const openTemporary = (path: string): number => {
  try {
    return openSync(path, temporaryFlags, 0o600)
  } catch (error) {
    if (reasonOf(error) !== 'EEXIST') throw error
    unlinkSync(path)
    return openSync(path, temporaryFlags, 0o600)
  }
}

const setOwner = (descriptor: number, owner: Owner): void => {
  const { uid, gid } = fstatSync(descriptor)
  if (uid !== owner.userId || gid !== owner.groupId) fchownSync(descriptor, owner.userId, owner.groupId)
}

/**
 * Puts a file in the place of `path` (a host path, not a link) in one step: nobody ever sees half of it, or its content
 * under the wrong mode or owner.
 *
 * When something is replaced the new content reaches the disk before it takes the name: after a power cut there is either
 * the old or the new file, not an empty /etc/shadow. A new file has nothing to lose, so it is left to `flush`
 * (flush.ts): a boot writes tens of them, and waiting for the disk at each costs more than all else it does.
 */
export const replaceFile = (path: string, file: WrittenFile, replaced: Stats | undefined): void => {
  const temporary = temporaryName(path)
  const descriptor = openTemporary(temporary)
  try {
    try {
      if (file.owner) setOwner(descriptor, file.owner)
      fchmodSync(descriptor, file.mode)
      writeAll(descriptor, file.content)
      if (file.isDurable === true || (replaced && replaced.size > 0)) fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    // force: what went wrong first is what is told.
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Overwrites what is there: for devices, /proc and /sys, and files that are mounted one by one (in containers). */
export const overwriteFile = (path: string, file: WrittenFile, truncate: boolean): void => {
  const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | (truncate ? constants.O_TRUNC : 0)
  const descriptor = openSync(path, flags)
  try {
    if (truncate) {
      if (file.owner) setOwner(descriptor, file.owner)
      fchmodSync(descriptor, file.mode)
    }
    writeAll(descriptor, file.content)
  } finally {
    closeSync(descriptor)
  }
}
