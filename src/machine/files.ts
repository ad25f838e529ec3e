/**
 * Files of the machine. Synchronous: a boot reads and writes small local files, one after another, and a thread pool
 * costs more than it saves. All paths are absolute paths as the machine sees them.
 *
 * Every method throws FileError (src/machine/errors.ts), which names the path, what was being done, and why it failed.
 */
export interface Files {
  /** UTF-8 text; invalid bytes become U+FFFD. @throws FileError also when larger than `limitBytes` (default 64 MiB). */
  readText(path: string, limitBytes?: number): string
  readBytes(path: string, limitBytes?: number): Uint8Array
  /** As readText, but undefined when there is no such file (or a part of the path is not a folder). */
  readTextIfExists(path: string, limitBytes?: number): string | undefined
  readBytesIfExists(path: string, limitBytes?: number): Uint8Array | undefined
  /** Follows links; false for a dangling one. */
  exists(path: string): boolean
  /** Follows links; undefined when there is none. */
  stat(path: string): FileStat | undefined
  /** Does not follow a link at the end of the path. */
  linkStat(path: string): FileStat | undefined
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(folder: string): string[]
  /** Where a link points, as written; undefined when it is not a link. */
  readLink(path: string): string | undefined
  realPath(path: string): string

  /**
   * Writes a whole file atomically: temporary file beside it, mode and owner, content, rename. What replaces a file is on
   * the disk before it takes its name; a new file is on the disk after `flush`. Missing parent folders are made (0755,
   * root). A link at `path` is followed, so that its target is replaced. An existing file keeps
   * its mode and owner when none are given; a new one gets 0644. Nothing is written (or journaled) when content, mode and
   * owner are already so.
   */
  write(path: string, content: string | Uint8Array, options?: WriteOptions): void
  /** Adds to the end of a file, making it with `mode` (default 0644) when missing. Not atomic, one write call. */
  append(path: string, content: string | Uint8Array, options?: WriteOptions): void
  /** Makes a folder and its parents (parents 0755); sets mode and owner of the last one when given, existing or not. */
  makeFolder(path: string, options?: WriteOptions): void
  /** Removes a file, a link or a folder with all that is in it. Nothing happens when there is none. Never follows links. */
  remove(path: string): void
  /** Makes (or atomically replaces) a symbolic link. */
  symlink(target: string, path: string): void
  rename(from: string, to: string): void
  /** A link at the end of the path is followed. */
  setMode(path: string, mode: number): void
  /** Owner by number. A link at the end of the path is not followed: its own owner changes. */
  setOwner(path: string, owner: Owner): void
  setModifiedTime(path: string, milliseconds: number): void
  /**
   * Resolves when all that was written, by commands too, is on the disk. Needed before something is written down as done
   * (a run-once mark), so that after a power cut the mark is never there without the work.
   */
  flush(): Promise<void>
}

export interface WriteOptions {
  /**
   * The content is on the disk before the file has its name, also when it replaces nothing. For notes that are made
   * before what they are about: should the machine lose power, they are there when that is.
   */
  readonly isDurable?: boolean
  /** Permission bits, such as 0o600. */
  readonly mode?: number
  readonly owner?: Owner
}

export interface Owner {
  readonly userId: number
  readonly groupId: number
}

export interface FileStat {
  readonly type: 'file' | 'folder' | 'link' | 'socket' | 'device' | 'pipe'
  /** Permission bits, such as 0o644. */
  readonly mode: number
  readonly userId: number
  readonly groupId: number
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}
