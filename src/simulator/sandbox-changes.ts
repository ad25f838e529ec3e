import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  symlinkSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Layer, privateFolders } from './layers.ts'

/** A file that is not as it was on this machine. */
export interface SandboxChange {
  readonly path: string
  readonly change: 'created' | 'changed' | 'removed'
  readonly type: 'file' | 'folder' | 'link' | 'other'
  /** Permission bits after the boot; 0 for what was removed. */
  readonly mode: number
  /** Bytes after the boot. */
  readonly size: number
  /** Content before and after, as text; missing when there is none, it is not text, or it is larger than 256 KiB. */
  readonly before?: string
  readonly after?: string
  /** Target of a link. */
  readonly target?: string
  /** True when others than the owner can't read it: show its content only when asked to. */
  readonly isSecret: boolean
}

const LARGEST_TEXT = 256 * 1024

const statOf = (path: string): Stats | undefined => {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

const textOf = (path: string, stat: Stats | undefined): string | undefined => {
  if (!stat?.isFile() || stat.size > LARGEST_TEXT) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch {
    return undefined
  }
}

const typeOf = (stat: Stats): SandboxChange['type'] => {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'folder'
  return stat.isSymbolicLink() ? 'link' : 'other'
}

/** overlayfs marks what was removed by a character device 0/0 (kernel documentation, overlayfs, "whiteouts"). */
const isWhiteout = (stat: Stats): boolean => stat.isCharacterDevice() && stat.rdev === 0

const isSame = (before: Stats, after: Stats, beforePath: string, afterPath: string): boolean => {
  if (typeOf(before) !== typeOf(after)) return false
  if (after.isSymbolicLink()) return readlinkSync(beforePath) === readlinkSync(afterPath)
  if (before.mode !== after.mode || before.uid !== after.uid || before.gid !== after.gid) return false
  if (after.isDirectory()) return true
  return before.size === after.size && readFileSync(beforePath).equals(readFileSync(afterPath))
}

/** How one path differs; undefined when it does not. */
const difference = (path: string, beforePath: string, afterPath: string, after: Stats): SandboxChange | undefined => {
  const before = statOf(beforePath)
  const oldText = textOf(beforePath, before)
  if (isWhiteout(after)) {
    if (!before) return undefined
    const isSecret = (before.mode & 0o004) === 0
    return {
      path,
      change: 'removed',
      type: typeOf(before),
      mode: 0,
      size: 0,
      isSecret,
      ...(oldText !== undefined && { before: oldText }),
    }
  }
  if (before && isSame(before, after, beforePath, afterPath)) return undefined
  const newText = textOf(afterPath, after)
  return {
    path,
    change: before ? 'changed' : 'created',
    type: typeOf(after),
    mode: after.mode & 0o7777,
    size: after.isFile() ? after.size : 0,
    isSecret: !after.isSymbolicLink() && (after.mode & 0o004) === 0,
    ...(oldText !== undefined && { before: oldText }),
    ...(newText !== undefined && { after: newText }),
    ...(after.isSymbolicLink() && { target: readlinkSync(afterPath) }),
  }
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

export interface ChangesOptions {
  readonly layers: readonly Layer[]
  /** The sandbox's own folder as seen from outside: with `up`, `root` and `shim` in it. */
  readonly base: string
  /** Paths that the sandbox itself changed. */
  readonly ignored: readonly string[]
  readonly isRoot: boolean
}

/** What a boot left in the sandbox's layers, by path. What can't be read (rootless, another user's) is left out. */
export const readChanges = ({ layers, base, ignored, isRoot }: ChangesOptions): SandboxChange[] => {
  const changes: SandboxChange[] = []
  const copies = layers.filter(({ kind }) => kind === 'copy' || kind === 'tree').map((layer) => layer.path)
  /** Where a path is as it was: in the copy, in the stand-in layer that lies over the machine, or on the machine. */
  const pathBefore = (path: string): string => {
    if (copies.some((copy) => path === copy || path.startsWith(`${copy}/`))) return `${base}/before${path}`
    return statOf(`${base}/shim${path}`)?.isFile() ? `${base}/shim${path}` : path
  }
  const compare = (path: string, afterPath: string, after: Stats): void => {
    if (ignored.includes(path)) return
    try {
      const change = difference(path, pathBefore(path), afterPath, after)
      // Without root every folder that was opened for writing has another owner than before.
      if (change && (isRoot || change.type !== 'folder' || change.change !== 'changed')) changes.push(change)
    } catch {
      // Not ours to read.
    }
  }
  const walk = (path: string, folder: string, isElsewhere: (name: string) => boolean = () => false): void => {
    for (const name of namesIn(folder).filter((entry) => !isElsewhere(entry))) {
      const [childPath, child] = [join(path, name), join(folder, name)]
      const stat = statOf(child)
      if (!stat) continue
      compare(childPath, child, stat)
      if (!stat.isDirectory()) continue
      walk(childPath, child)
      if (!ignored.includes(childPath)) addMissing(childPath)
    }
  }
  /** What a folder that was removed and made again no longer has: there are no marks for that, only the absence. */
  const addMissing = (path: string): void => {
    const now = new Set(namesIn(`${base}/root${path}`))
    const before = pathBefore(path)
    for (const name of namesIn(before)) {
      const childPath = join(path, name)
      const isKnown = now.has(name) || changes.some((change) => change.path === childPath)
      const stat = isKnown ? undefined : statOf(join(before, name))
      if (stat)
        changes.push({ path: childPath, change: 'removed', type: typeOf(stat), mode: 0, size: 0, isSecret: false })
    }
  }
  const known = new Set([...privateFolders, ...layers.map(({ path }) => path)])
  for (const { kind, path } of layers) {
    const now = `${base}/root${path}`
    if (kind === 'overlay') walk(path, `${base}/up${path}`)
    if (kind === 'folder') walk(path, now, (name) => known.has(join(path, name)))
    if (kind === 'tree') {
      walk(path, now)
      addMissing(path)
    }
    if (kind !== 'copy') continue
    const after = statOf(now)
    if (after) compare(path, now, after)
    else changes.push({ path, change: 'removed', type: 'file', mode: 0, size: 0, isSecret: false })
  }
  return changes.sort((left, right) => (left.path < right.path ? -1 : 1))
}

/** Copies what was created or changed to a folder that only its owner can enter, as it lies on the machine. */
export const keepFiles = (changes: readonly SandboxChange[], root: string, folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const { path, change, type, mode } of changes) {
    if (change === 'removed') continue
    const target = `${folder}${path}`
    mkdirSync(type === 'folder' ? target : dirname(target), { recursive: true })
    if (type === 'link') symlinkSync(readlinkSync(`${root}${path}`), target)
    if (type !== 'file') continue
    copyFileSync(`${root}${path}`, target)
    chmodSync(target, mode & 0o777)
  }
}
