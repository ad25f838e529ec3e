import { canonicalPath } from './canonical-path.ts'
import { attempt, defaultReadLimit, isMissing, KernelError, tooLarge } from './file-error.ts'
import type { FileStat, Files, Owner, WriteOptions } from './files.ts'
import { type Change, type Journal, keptContentBytes } from './journal.ts'
import { joined, nameOf, parentOf, type TreeNode, type TreeStore } from './tree.ts'

export interface TreeFilesOptions {
  readonly store: TreeStore
  readonly journal: Journal
  readonly actor: string
  /** Milliseconds since 1970, for the time of change. */
  readonly now: () => number
  /** Owner of new files. */
  readonly owner: Owner
  /** Keeps in the journal what files held before, and what is written to them however large: for diffs. */
  readonly keepContent: boolean
  /** A kernel's code (`ENOSPC`) to fail this operation with; for tests. */
  readonly fault?: (action: string, path: string) => string | undefined
}

interface Located {
  /** Canonical path; the node itself need not exist, its folder does. */
  readonly path: string
  readonly node: TreeNode | undefined
}

const statOf = (node: TreeNode): FileStat => {
  const { type, mode, userId, groupId, modified } = node
  const size = node.type === 'file' ? node.size : node.type === 'link' ? node.target.length : 0
  return { type, mode, userId, groupId, modified, size }
}

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new Uint8Array(Buffer.from(content)) : content.slice()

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0

/** The files of a tree that is kept in memory, with the meaning that live files have: for `memory` and `plan`. */
export const treeFiles = (options: TreeFilesOptions): Files => {
  const { store, journal, actor, owner } = options

  const operation = <T>(action: string, path: string, body: () => T): T =>
    attempt(action, path, () => {
      const fault = options.fault?.(action, path)
      if (fault !== undefined) throw new KernelError(fault)
      return body()
    })
  const record = (change: Change): void => journal.record(change)
  const find = (path: string, followLast = true): Located => {
    const found = canonicalPath(store.get, path, followLast)
    return { path: found, node: store.get(found) }
  }
  const existing = (path: string, followLast = true): Located & { node: TreeNode } => {
    const { path: found, node } = find(path, followLast)
    if (node === undefined) throw new KernelError('ENOENT')
    return { path: found, node }
  }
  /** What a file holds; undefined when it has another size, or may not be read (a plan can be made without root). */
  const contentOf = (node: TreeNode | undefined, size?: number): Uint8Array | undefined => {
    if (node?.type !== 'file' || (size !== undefined && node.size !== size)) return undefined
    try {
      return node.read(defaultReadLimit)
    } catch {
      return undefined
    }
  }
  const tolerant = <T>(path: string, body: () => T): T | undefined =>
    attempt('look at', path, () => {
      try {
        return body()
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    })

  const readBytes = (path: string, limit: number): Uint8Array => {
    const { node } = existing(path)
    if (node.type === 'folder') throw new KernelError('EISDIR')
    if (node.type !== 'file') throw new KernelError('ENXIO', `it is a ${node.type}, not a file`)
    if (node.size > limit) throw tooLarge(node.size, limit)
    return node.read(limit)
  }

  /** As `mkdir -p`; a link on the way is followed, even a dangling one at the end (its target is made). */
  const ensureFolder = (path: string): string => {
    let at = '/'
    for (const part of path.split('/').filter((name) => name !== '')) {
      const { path: next, node } = find(joined(at, part))
      if (node !== undefined && node.type !== 'folder') throw new KernelError('ENOTDIR')
      if (node === undefined) {
        store.set(next, { type: 'folder', mode: 0o755, ...owner, modified: options.now() })
        record({ actor, kind: 'folder', path: next, mode: 0o755 })
      }
      at = next
    }
    return at
  }

  const folderOf = (path: string): string => path.slice(0, path.replace(/\/+$/, '').lastIndexOf('/')) || '/'

  const putFile = (path: string, bytes: Uint8Array, node: TreeNode | undefined, wanted: WriteOptions): void => {
    const mode = wanted.mode ?? node?.mode ?? 0o644
    const { userId, groupId } = wanted.owner ?? node ?? owner
    store.set(path, {
      type: 'file',
      mode,
      userId,
      groupId,
      modified: options.now(),
      size: bytes.length,
      read: () => bytes.slice(),
    })
    const before = options.keepContent ? contentOf(node) : undefined
    record({
      actor,
      kind: 'file',
      path,
      ...(before && { before }),
      ...((options.keepContent || bytes.length <= keptContentBytes) && { after: bytes }),
      mode,
      // What was unreadable for others stays so in the journal even when the file is opened up.
      secret: (mode & 0o004) === 0 || (node !== undefined && (node.mode & 0o004) === 0),
      size: bytes.length,
    })
  }

  const target = (path: string): Located => {
    if (path.endsWith('/')) throw new KernelError('EISDIR')
    ensureFolder(folderOf(path))
    const located = find(path)
    if (located.node?.type === 'folder') throw new KernelError('EISDIR')
    return located
  }

  const setAttributes = (path: string, node: TreeNode, wanted: WriteOptions): void => {
    const mode = wanted.mode ?? node.mode
    const { userId, groupId } = wanted.owner ?? node
    if (mode === node.mode && userId === node.userId && groupId === node.groupId) return
    store.set(path, { ...node, mode, userId, groupId })
    record({
      actor,
      kind: 'attributes',
      path,
      ...(mode !== node.mode && { mode }),
      ...((userId !== node.userId || groupId !== node.groupId) && { owner: `${userId}:${groupId}` }),
    })
  }

  const copyTree = (from: string, to: string): void => {
    const node = store.get(from)
    if (node === undefined) return
    store.set(to, node)
    if (node.type !== 'folder') return
    for (const name of store.names(from)) copyTree(joined(from, name), joined(to, name))
  }

  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

  const files: Files = {
    readText: (path, limit = defaultReadLimit) => operation('read', path, () => text(readBytes(path, limit))),
    readBytes: (path, limit = defaultReadLimit) => operation('read', path, () => readBytes(path, limit)),
    readTextIfExists: (path, limit) => {
      const bytes = files.readBytesIfExists(path, limit)
      return bytes && text(bytes)
    },
    readBytesIfExists: (path, limit = defaultReadLimit) => {
      try {
        return files.readBytes(path, limit)
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    exists: (path) => tolerant(path, () => find(path).node) !== undefined,
    stat: (path) => {
      const node = tolerant(path, () => find(path).node)
      return node && statOf(node)
    },
    linkStat: (path) => {
      const node = tolerant(path, () => find(path, path.endsWith('/')).node)
      return node && statOf(node)
    },
    list: (folder) =>
      tolerant(folder, () => {
        const { path, node } = existing(folder)
        return node.type === 'folder' ? store.names(path) : []
      }) ?? [],
    readLink: (path) => {
      const node = tolerant(path, () => find(path, false).node)
      return node?.type === 'link' ? node.target : undefined
    },
    realPath: (path) => operation('resolve', path, () => existing(path).path),

    write: (path, content, wanted = {}) =>
      operation('write', path, () => {
        const bytes = bytesOf(content)
        const { path: found, node } = target(path)
        const before = contentOf(node, bytes.length)
        const same = before !== undefined && sameBytes(before, bytes)
        const sameMode = wanted.mode === undefined || wanted.mode === node?.mode
        const sameOwner =
          wanted.owner === undefined || (wanted.owner.userId === node?.userId && wanted.owner.groupId === node?.groupId)
        if (!same || !sameMode || !sameOwner) putFile(found, bytes, node, wanted)
        if (wanted.isDurable === true) operation('flush', found, () => undefined)
      }),
    append: (path, content, wanted = {}) =>
      operation('append to', path, () => {
        const { path: found, node } = target(path)
        const before = contentOf(node) ?? new Uint8Array()
        const bytes = new Uint8Array(Buffer.concat([before, bytesOf(content)]))
        putFile(found, bytes, node, node === undefined ? wanted : {})
      }),
    makeFolder: (path, wanted = {}) =>
      operation('make folder', path, () => {
        const found = existing(ensureFolder(path))
        setAttributes(found.path, found.node, wanted)
      }),
    remove: (path) =>
      operation('remove', path, () => {
        const found = tolerant(path, () => find(path.replace(/(?<=.)\/+$/, ''), false))
        if (found?.node === undefined) return
        if (found.path === '/') throw new KernelError('EBUSY')
        store.delete(found.path)
        record({ actor, kind: 'remove', path: found.path })
      }),
    symlink: (to, path) =>
      operation('link', path, () => {
        const folder = ensureFolder(folderOf(path))
        const found = joined(folder, nameOf(path))
        const node = store.get(found)
        if (node?.type === 'folder') throw new KernelError('EISDIR')
        if (node?.type === 'link' && node.target === to) return
        store.set(found, { type: 'link', target: to, mode: 0o777, ...owner, modified: options.now() })
        record({ actor, kind: 'link', path: found, target: to })
      }),
    rename: (from, to) =>
      operation('rename', from, () => {
        const source = existing(from, false)
        const goal = find(to, false)
        if (source.path === goal.path) return
        if (`${goal.path}/`.startsWith(`${source.path}/`)) throw new KernelError('EINVAL', `${to} lies inside it`)
        if (goal.node?.type === 'folder') {
          if (source.node.type !== 'folder') throw new KernelError('EISDIR')
          if (store.names(goal.path).length > 0) throw new KernelError('ENOTEMPTY')
        } else if (goal.node && source.node.type === 'folder') throw new KernelError('ENOTDIR')
        if (!store.get(parentOf(goal.path))) throw new KernelError('ENOENT')
        if (goal.node) store.delete(goal.path)
        copyTree(source.path, goal.path)
        store.delete(source.path)
        record({ actor, kind: 'rename', path: source.path, target: goal.path })
      }),
    setMode: (path, mode) =>
      operation('change the mode of', path, () => {
        const { path: found, node } = existing(path)
        setAttributes(found, node, { mode })
      }),
    setOwner: (path, wanted) =>
      operation('change the owner of', path, () => {
        const { path: found, node } = existing(path, false)
        setAttributes(found, node, { owner: wanted })
      }),
    setModifiedTime: (path, milliseconds) =>
      operation('change the time of', path, () => {
        const { path: found, node } = existing(path)
        store.set(found, { ...node, modified: milliseconds })
      }),
    flush: async () => operation('flush', '/', () => undefined),
  }
  return files
}
