import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { canonicalPath, checkPath, type Found } from './canonical-path.ts'
import type { FileStat } from './files.ts'

/** Where the files of a machine lie on the host: `/` for this machine, a mounted root folder for an image. */
export interface HostPaths {
  /** The machine's root folder on the host, without a final slash: '' for this machine. */
  readonly root: string
  /** Host path for operations that follow a link at the end. */
  followed(path: string): string
  /** Host path for operations on the name itself. Links in its folders are followed. */
  itself(path: string): string
  /** The machine's path of what `path` means once links at the end are followed, even when there is nothing there yet. */
  target(path: string): string
  /** What is at a canonical path of the machine. */
  lookup(path: string): Found | undefined
}

export const typeOf = (stats: Stats): FileStat['type'] => {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'folder'
  if (stats.isSymbolicLink()) return 'link'
  if (stats.isSocket()) return 'socket'
  return stats.isFIFO() ? 'pipe' : 'device'
}

const lookupBelow =
  (root: string) =>
  (path: string): Found | undefined => {
    const stats = lstatSync(root + path, { throwIfNoEntry: false })
    if (!stats) return undefined
    return stats.isSymbolicLink() ? { type: 'link', target: readlinkSync(root + path) } : { type: typeOf(stats) }
  }

const livePaths = (): HostPaths => {
  const lookup = lookupBelow('')
  const checked = (path: string): string => {
    checkPath(path)
    return path
  }
  return {
    root: '',
    lookup,
    followed: checked,
    itself: checked,
    target: (path) => (lookup(checked(path))?.type === 'link' ? canonicalPath(lookup, path, true) : path),
  }
}

/**
 * Paths of an image. Each is resolved within the image's root: the kernel would follow an absolute link of the image out
 * into the host.
 */
const imagePaths = (root: string): HostPaths => {
  const lookup = lookupBelow(root)
  return {
    root,
    lookup,
    followed: (path) => root + canonicalPath(lookup, path, true),
    itself: (path) => root + canonicalPath(lookup, path, false),
    target: (path) => canonicalPath(lookup, path, true),
  }
}

export const hostPaths = (root: string): HostPaths => {
  const bare = root.replace(/\/+$/, '')
  return bare === '' ? livePaths() : imagePaths(bare)
}
