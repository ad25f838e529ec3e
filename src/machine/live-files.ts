import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { canonicalPath } from './canonical-path.ts'
import { attempt, defaultReadLimit, isMissing, KernelError, reasonOf } from './file-error.ts'
import type { FileStat, Files, Owner, WriteOptions } from './files.ts'
import { flushAll, type Unsynced } from './flush.ts'
import { type HostPaths, typeOf } from './host-paths.ts'
import { readFile } from './host-read.ts'
import { overwriteFile, replaceFile, temporaryName, writeAll } from './host-write.ts'
import { type Journal, keptContentBytes } from './journal.ts'
import { joined, nameOf, parentOf } from './tree.ts'

export interface LiveFilesOptions {
  readonly paths: HostPaths
  readonly journal: Journal
  readonly actor: string
  /** Shared by all actors. */
  readonly unsynced: Unsynced
}

const modeOf = (stats: Stats): number => stats.mode & 0o7777

const fileStat = (stats: Stats): FileStat => ({
  type: typeOf(stats),
  mode: modeOf(stats),
  userId: stats.uid,
  groupId: stats.gid,
  size: stats.size,
  modified: stats.mtimeMs,
})

const withoutSlash = (path: string): string => path.replace(/(?<=.)\/+$/, '')

/** Kernel interfaces: they have no room for a temporary file, and take a value in one write. */
const isKernelFile = (path: string): boolean => path.startsWith('/proc/') || path.startsWith('/sys/')

/** What a boot left behind that was cut off is in the way once. */
const makeTemporaryFolder = (host: string): void => {
  try {
    mkdirSync(host, 0o700)
  } catch (error) {
    if (reasonOf(error) !== 'EEXIST') throw error
    rmSync(host, { recursive: true, force: true })
    mkdirSync(host, 0o700)
  }
}

/** Somebody else has made it meanwhile. */
const isTaken = (error: unknown): boolean => ['EEXIST', 'ENOTEMPTY'].includes(reasonOf(error))

const sameOwner = (stats: Stats, owner: Owner | undefined): boolean =>
  owner === undefined || (stats.uid === owner.userId && stats.gid === owner.groupId)

/** Files on a disk: of this machine, or of an image below a root folder. */
export const liveFiles = ({ paths, journal, actor, unsynced: notYet }: LiveFilesOptions): Files => {
  const unsynced = notYet.paths
  const lookStat = (path: string): Stats | undefined =>
    tolerant(path, () => statSync(paths.followed(path), { throwIfNoEntry: false }))
  const tolerant = <T>(path: string, body: () => T): T | undefined =>
    attempt('look at', path, () => {
      try {
        return body()
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    })
  const read = (path: string, limit: number): Uint8Array => readFile(paths.followed(path), limit)
  const readIfExists = (path: string, limit: number): Uint8Array | undefined => {
    try {
      return files.readBytes(path, limit)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
  const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')

  /**
   * As with files, a folder has its mode and owner before it has its name: a boot that is cut off here leaves no folder
   * that looks finished and is not.
   */
  const makeOneFolder = (path: string, { mode = 0o755, owner }: WriteOptions): void => {
    const host = paths.itself(path)
    const made = isKernelFile(path) ? host : temporaryName(host)
    try {
      if (made === host) mkdirSync(made)
      else makeTemporaryFolder(made)
      if (owner) lchownSync(made, owner.userId, owner.groupId)
      chmodSync(made, mode)
      if (made !== host) renameSync(made, host)
    } catch (error) {
      if (made !== host) rmSync(made, { recursive: true, force: true })
      if (isTaken(error) && statSync(host, { throwIfNoEntry: false })?.isDirectory()) return
      throw error
    }
    unsynced.add(parentOf(host))
    journal.record({ actor, kind: 'folder', path, mode })
    if (owner) journal.record({ actor, kind: 'attributes', path, owner: `${owner.userId}:${owner.groupId}` })
  }
  /** Missing parents are made, too (0755, root). `wanted` is for the last one, when it is missing. */
  const ensureFolder = (path: string, wanted: WriteOptions = {}): void => {
    const found = lookStat(path)
    if (found?.isDirectory()) return
    if (found) throw new KernelError('ENOTDIR')
    const target = path.includes('/..') ? path : linkTarget(path)
    if (parentOf(target) !== target) ensureFolder(parentOf(target))
    makeOneFolder(target, wanted)
  }
  /** A dangling link to a folder means that the folder it names is to be made. */
  const linkTarget = (path: string): string => tolerant(path, () => paths.target(path)) ?? path

  const recordFile = (
    path: string,
    mode: number,
    before: Stats | undefined,
    { size, after }: { size: number; after?: Uint8Array },
  ): void => {
    const wasSecret = before !== undefined && (before.mode & 0o004) === 0
    const kept = after && after.length <= keptContentBytes && { after }
    journal.record({ actor, kind: 'file', path, ...kept, mode, secret: (mode & 0o004) === 0 || wasSecret, size })
  }

  const isAlready = (host: string, stats: Stats, content: Uint8Array, wanted: WriteOptions): boolean => {
    if (stats.size !== content.length || !sameOwner(stats, wanted.owner)) return false
    if (wanted.mode !== undefined && wanted.mode !== modeOf(stats)) return false
    return Buffer.compare(readFile(host, content.length), content) === 0
  }

  const put = (path: string, content: Uint8Array, wanted: WriteOptions): void => {
    if (path.endsWith('/')) throw new KernelError('EISDIR')
    const target = targetOf(path)
    const host = paths.itself(target)
    const stats = lstatSync(host, { throwIfNoEntry: false })
    if (stats?.isDirectory()) throw new KernelError('EISDIR')
    const mode = wanted.mode ?? (stats ? modeOf(stats) : 0o644)
    const owner = wanted.owner ?? (stats && { userId: stats.uid, groupId: stats.gid })
    const file = { content, mode, owner, isDurable: wanted.isDurable === true }
    if (isKernelFile(target) || (stats && !stats.isFile())) {
      overwriteFile(host, file, false)
    } else {
      if (stats && isAlready(host, stats, content, wanted)) return
      replaceOrOverwrite(host, file, stats)
      unsynced.add(host).add(parentOf(host))
    }
    recordFile(target, mode, stats, { size: content.length, after: content })
  }
  const replaceOrOverwrite = (
    host: string,
    file: Parameters<typeof replaceFile>[1],
    stats: Stats | undefined,
  ): void => {
    try {
      replaceFile(host, file, stats)
    } catch (error) {
      if (reasonOf(error) !== 'EBUSY' || !stats) throw error
      overwriteFile(host, file, true)
    }
  }
  /** The path that a write goes to, its folder made. */
  const targetOf = (path: string): string => {
    const find = (): string => {
      const target = paths.target(path)
      lstatSync(paths.itself(parentOf(target)))
      return target
    }
    try {
      return find()
    } catch (error) {
      if (reasonOf(error) !== 'ENOENT') throw error
      ensureFolder(parentOf(path))
      return find()
    }
  }

  const setAttributes = (path: string, host: string, stats: Stats, wanted: WriteOptions): void => {
    const newOwner = sameOwner(stats, wanted.owner) ? undefined : wanted.owner
    const newMode = wanted.mode === undefined || wanted.mode === modeOf(stats) ? undefined : wanted.mode
    if (newOwner) lchownSync(host, newOwner.userId, newOwner.groupId)
    // After the owner: chown takes set-user-id bits away.
    if (newMode !== undefined) chmodSync(host, newMode)
    if (!newOwner && newMode === undefined) return
    journal.record({
      actor,
      kind: 'attributes',
      path,
      ...(newMode !== undefined && { mode: newMode }),
      ...(newOwner && { owner: `${newOwner.userId}:${newOwner.groupId}` }),
    })
  }

  const files: Files = {
    readText: (path, limit = defaultReadLimit) => attempt('read', path, () => text(read(path, limit))),
    readBytes: (path, limit = defaultReadLimit) => attempt('read', path, () => read(path, limit)),
    readTextIfExists: (path, limit = defaultReadLimit) => {
      const bytes = readIfExists(path, limit)
      return bytes && text(bytes)
    },
    readBytesIfExists: (path, limit = defaultReadLimit) => readIfExists(path, limit),
    exists: (path) => lookStat(path) !== undefined,
    stat: (path) => {
      const stats = lookStat(path)
      return stats && fileStat(stats)
    },
    linkStat: (path) => {
      const stats = tolerant(path, () => lstatSync(paths.itself(path), { throwIfNoEntry: false }))
      return stats && fileStat(stats)
    },
    list: (folder) => tolerant(folder, () => readdirSync(paths.followed(folder)).sort()) ?? [],
    readLink: (path) =>
      attempt('read', path, () => {
        try {
          return readlinkSync(paths.itself(withoutSlash(path)))
        } catch (error) {
          if (reasonOf(error) === 'EINVAL' || isMissing(error)) return undefined
          throw error
        }
      }),
    realPath: (path) =>
      attempt('resolve', path, () => {
        const found = canonicalPath(paths.lookup, path, true)
        lstatSync(paths.root + found)
        return found
      }),

    write: (path, content, wanted = {}) => attempt('write', path, () => put(path, Buffer.from(content), wanted)),
    append: (path, content, wanted = {}) =>
      attempt('append to', path, () => {
        const target = targetOf(path)
        const host = paths.itself(target)
        const before = lstatSync(host, { throwIfNoEntry: false })
        const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | (before ? 0 : constants.O_CREAT)
        const mode = before ? modeOf(before) : (wanted.mode ?? 0o644)
        const descriptor = openSync(host, flags, 0o600)
        const bytes = Buffer.from(content)
        try {
          if (!before && wanted.owner) fchownSync(descriptor, wanted.owner.userId, wanted.owner.groupId)
          if (!before) fchmodSync(descriptor, mode)
          writeAll(descriptor, bytes)
        } finally {
          closeSync(descriptor)
        }
        // A console has nothing to flush, and opening it again may wait for a carrier.
        if (!before || before.isFile()) unsynced.add(host)
        if (!before) unsynced.add(parentOf(host))
        recordFile(
          target,
          mode,
          before,
          before ? { size: before.size + bytes.length } : { size: bytes.length, after: bytes },
        )
      }),
    makeFolder: (path, wanted = {}) =>
      attempt('make folder', path, () => {
        ensureFolder(withoutSlash(path), wanted)
        const host = paths.followed(path)
        setAttributes(path, host, statSync(host), wanted)
      }),
    remove: (path) =>
      attempt('remove', path, () => {
        const name = withoutSlash(path)
        const stats = tolerant(name, () => lstatSync(paths.itself(name), { throwIfNoEntry: false }))
        if (!stats) return
        const host = paths.itself(name)
        if (host === paths.root || host === '/' || host === `${paths.root}/`) throw new KernelError('EBUSY')
        if (stats.isDirectory()) rmSync(host, { recursive: true, force: true })
        else unlinkSync(host)
        unsynced.add(parentOf(host))
        journal.record({ actor, kind: 'remove', path: name })
      }),
    symlink: (target, path) =>
      attempt('link', path, () => {
        ensureFolder(parentOf(path))
        const host = paths.itself(path)
        const stats = lstatSync(host, { throwIfNoEntry: false })
        if (stats?.isDirectory()) throw new KernelError('EISDIR')
        if (stats?.isSymbolicLink() && readlinkSync(host) === target) return
        const temporary = joined(parentOf(host), `.${nameOf(host)}.firstlight`)
        rmSync(temporary, { force: true })
        symlinkSync(target, temporary)
        renameSync(temporary, host)
        unsynced.add(parentOf(host))
        journal.record({ actor, kind: 'link', path, target })
      }),
    rename: (from, to) =>
      attempt('rename', from, () => {
        const [source, goal] = [paths.itself(from), paths.itself(to)]
        lstatSync(source)
        if (source === goal) return
        renameSync(source, goal)
        unsynced.add(parentOf(source)).add(parentOf(goal))
        journal.record({ actor, kind: 'rename', path: from, target: to })
      }),
    setMode: (path, mode) =>
      attempt('change the mode of', path, () => {
        const host = paths.followed(path)
        setAttributes(path, host, statSync(host), { mode })
      }),
    setOwner: (path, owner) =>
      attempt('change the owner of', path, () => {
        const host = paths.itself(path)
        setAttributes(path, host, lstatSync(host), { owner })
      }),
    setModifiedTime: (path, milliseconds) =>
      attempt('change the time of', path, () =>
        utimesSync(paths.followed(path), milliseconds / 1000, milliseconds / 1000),
      ),
    flush: () => {
      const since = journal.entries.slice(notYet.flushedEntries)
      notYet.flushedEntries = journal.entries.length
      return flushAll(
        paths.root,
        notYet,
        since.some(({ kind }) => kind === 'command'),
      )
    },
  }
  return files
}
