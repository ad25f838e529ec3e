import { FileError } from './errors.ts'

/** The kernel's words for what a user is likely to meet, and what to do about it. */
const reasonTexts: Readonly<Record<string, string>> = {
  EACCES: 'permission denied (EACCES): run as root',
  EPERM: 'operation not permitted (EPERM): run as root, and look for an immutable flag (lsattr)',
  ENOENT: 'no such file or folder (ENOENT)',
  ENOTDIR: 'a part of the path is not a folder (ENOTDIR)',
  EISDIR: 'it is a folder (EISDIR)',
  EEXIST: 'it exists already (EEXIST)',
  ENOTEMPTY: 'the folder is not empty (ENOTEMPTY)',
  ELOOP: 'too many symbolic links in the path (ELOOP)',
  ENAMETOOLONG: 'the name is too long (ENAMETOOLONG)',
  EROFS: 'the file system is read-only (EROFS): mount it writable',
  ENOSPC: 'no space left on the file system (ENOSPC): free some or enlarge it',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EIO: 'the disk reports an error (EIO): look at the kernel log',
  EXDEV: 'the two paths are on different file systems (EXDEV)',
  EBUSY: 'it is in use (EBUSY)',
  EFBIG: 'the file is too large (EFBIG)',
  EINVAL: 'the path cannot be used (EINVAL)',
}

/** An error as the kernel would give it: `code` is what node:fs calls it, too. */
export class KernelError extends Error {
  constructor(
    readonly code: string,
    detail?: string,
  ) {
    super(detail ?? code)
  }
}

export const reasonOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'EIO'
  return typeof error.code === 'string' ? error.code : 'EIO'
}

/** Runs one file operation; whatever the kernel (real or made up) says becomes a FileError. */
export const attempt = <T>(action: string, path: string, operation: () => T): T => {
  try {
    return operation()
  } catch (error) {
    if (error instanceof FileError) throw error
    const reason = reasonOf(error)
    if (error instanceof KernelError && error.message !== reason) {
      throw new FileError(action, path, reason, error.message)
    }
    const known = reasonTexts[reason]
    const detail = known ?? (error instanceof Error ? error.message.split('\n', 1)[0] : undefined)
    throw new FileError(action, path, reason, detail)
  }
}

/** True for "there is no such file", which the ...IfExists readers answer with undefined. */
export const isMissing = (error: unknown): boolean => {
  const reason = error instanceof FileError ? error.reason : reasonOf(error)
  return reason === 'ENOENT' || reason === 'ENOTDIR'
}

/** Largest file that is read unless the caller says otherwise: 64 MiB. */
export const defaultReadLimit = 64 * 1024 * 1024

export const tooLarge = (size: number, limit: number): KernelError =>
  new KernelError('EFBIG', `it has ${size} bytes, and at most ${limit} are read`)
