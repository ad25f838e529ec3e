import { execFile } from 'node:child_process'
import { closeSync, constants, fsyncSync, lstatSync, openSync } from 'node:fs'
import { attempt, reasonOf } from './file-error.ts'

/** What is not on the disk for certain. One for all actors of a machine. */
export interface Unsynced {
  /** Host paths of files and folders that were written. */
  readonly paths: Set<string>
  /** Entries of the journal at the last flush: commands after them may have written anything. */
  flushedEntries: number
}

/** Waiting for each of more files than that takes longer than for the whole file system at once. */
const fewFiles = 3

/** A network mount that is gone keeps the kernel busy, but not a boot. */
const timeoutMilliseconds = 60_000

/** Where commands usually write; each may be a file system of its own. */
const usualFolders = ['/', '/etc', '/home', '/root', '/srv', '/usr', '/var']

/** Waits until a file or folder is on the disk. One that is gone again, or can't be opened, has nothing to wait for. */
const syncPath = (path: string): void => {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return
  }
  try {
    fsyncSync(descriptor)
  } catch (error) {
    // Some file systems (overlays of networks, 9p) know no fsync of folders.
    if (!['EINVAL', 'EBADF', 'ENOTSUP'].includes(reasonOf(error))) throw error
  } finally {
    closeSync(descriptor)
  }
}

/** One path on each file system that `paths` are on. */
const onePerFileSystem = (paths: Iterable<string>): string[] => {
  const found = new Map<number, string>()
  for (const path of paths) {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isFile() || stats?.isDirectory()) found.set(stats.dev, found.get(stats.dev) ?? path)
  }
  return [...found.values()]
}

/** sync(1) of coreutils: Node has no syncfs(2). False: there is none, or not with this option. */
const syncFileSystems = (paths: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile('sync', ['-f', ...paths], { timeout: timeoutMilliseconds }, (error) => resolve(error === null))
  })

/**
 * Waits until everything is on the disk: few files each by itself, more of them, and what commands have written, by
 * writing back their file systems.
 * @param hasRunCommands they ran since the last flush
 * @throws FileError when the disk can't take a file.
 */
export const flushAll = async (root: string, unsynced: Unsynced, hasRunCommands: boolean): Promise<void> => {
  const { paths } = unsynced
  const written = [...paths]
  const folders = hasRunCommands ? usualFolders.map((folder) => `${root}${folder}`) : []
  paths.clear()
  if (folders.length === 0 && written.length <= fewFiles) return syncEach(written)
  if (!(await syncFileSystems(onePerFileSystem([...written, ...folders])))) syncEach(written)
}

const syncEach = (paths: readonly string[]): void => {
  for (const path of paths) attempt('flush', path, () => syncPath(path))
}
