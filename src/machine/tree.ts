import type { FileStat, Files } from './files.ts'

/** A file, folder or link of a tree that is kept in memory. Never changed in place: a change sets a new node. */
export type TreeNode = {
  readonly mode: number
  readonly userId: number
  readonly groupId: number
  readonly modified: number
} & (
  | { readonly type: 'file'; readonly size: number; read(limitBytes: number): Uint8Array }
  | { readonly type: 'folder' }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'socket' | 'device' | 'pipe' }
)

/**
 * Where nodes are kept. Paths are canonical: absolute, without `.`, `..` or a link in their folders (tree-files.ts sees
 * to that).
 */
export interface TreeStore {
  get(path: string): TreeNode | undefined
  set(path: string, node: TreeNode): void
  /** Removes the node and all below it. */
  delete(path: string): void
  /** Names in a folder, sorted. */
  names(folder: string): string[]
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
export const joined = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`)

const below = (folder: string, path: string): boolean => folder === '/' || path.startsWith(`${folder}/`)

/** Nodes of a made-up machine. */
export const memoryStore = (): TreeStore => {
  const nodes = new Map<string, TreeNode>()
  const folders = new Map<string, Set<string>>()

  const remove = (path: string): void => {
    for (const name of folders.get(path) ?? []) remove(joined(path, name))
    folders.delete(path)
    nodes.delete(path)
  }
  return {
    get: (path) => nodes.get(path),
    set: (path, node) => {
      nodes.set(path, node)
      if (path === '/') return
      const parent = parentOf(path)
      const names = folders.get(parent)
      if (names) names.add(nameOf(path))
      else folders.set(parent, new Set([nameOf(path)]))
    },
    delete: (path) => {
      remove(path)
      folders.get(parentOf(path))?.delete(nameOf(path))
    },
    names: (folder) => [...(folders.get(folder) ?? [])].sort(),
  }
}

const nodeOf = (lower: Files, path: string, stat: FileStat): TreeNode => {
  const { mode, userId, groupId, modified, type, size } = stat
  const attributes = { mode, userId, groupId, modified }
  if (type === 'file') return { ...attributes, type, size, read: (limit) => lower.readBytes(path, limit) }
  if (type === 'link') return { ...attributes, type, target: lower.readLink(path) ?? '' }
  return { ...attributes, type }
}

/** A store that shows another machine's files and keeps what is changed to itself. */
export const overlayStore = (lower: Files): TreeStore => {
  const upper = memoryStore()
  /** Where nothing of the lower tree shows through any more, at this path and below. */
  const opaque = new Set<string>()

  const isOpaque = (path: string): boolean => {
    if (opaque.size === 0) return false
    for (let part = path; part !== '/'; part = parentOf(part)) {
      if (opaque.has(part)) return true
    }
    return false
  }
  const lowerNode = (path: string): TreeNode | undefined => {
    const stat = isOpaque(path) ? undefined : lower.linkStat(path)
    return stat && nodeOf(lower, path, stat)
  }
  const get = (path: string): TreeNode | undefined => upper.get(path) ?? lowerNode(path)

  return {
    get,
    set: (path, node) => {
      if (node.type !== 'folder' || lowerNode(path)?.type !== 'folder') opaque.add(path)
      upper.set(path, node)
    },
    delete: (path) => {
      upper.delete(path)
      for (const hidden of opaque) if (below(path, hidden)) opaque.delete(hidden)
      opaque.add(path)
    },
    names: (folder) => {
      const names = new Set(isOpaque(folder) ? [] : lower.list(folder))
      for (const name of names) if (opaque.has(joined(folder, name))) names.delete(name)
      for (const name of upper.names(folder)) names.add(name)
      return [...names].sort()
    },
  }
}
