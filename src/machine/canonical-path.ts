import { KernelError } from './file-error.ts'

/** Linux gives up after this many links in one path. */
const mostLinks = 40

/** What is at a path of a tree. `target` of a link is as written. */
export type Found = { readonly type: 'link'; readonly target: string } | { readonly type: string }

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.')

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** @throws KernelError EINVAL for a path that no machine can have. */
export const checkPath = (path: string): void => {
  if (!path.startsWith('/')) throw new KernelError('EINVAL', 'the path must be absolute')
  if (path.includes('\0')) throw new KernelError('EINVAL', 'the path must not contain NUL')
}

/**
 * The canonical path within a tree: no `.`, `..` or link in it, and never outside the tree: an absolute link starts at the
 * tree's root, and `..` of the root is the root, as after chroot.
 *
 * @param lookup what is at a canonical path; undefined: nothing
 * @param followLast whether a link at the end is followed; it may dangle
 * @returns the path, whose folder exists but itself need not
 * @throws KernelError ENOENT, ENOTDIR, ELOOP
 */
export const canonicalPath = (
  lookup: (path: string) => Found | undefined,
  path: string,
  followLast: boolean,
): string => {
  checkPath(path)
  const todo = partsOf(path).reverse()
  let links = 0
  let at = '/'
  let type: string | undefined = 'folder'
  while (true) {
    const part = todo.pop()
    if (part === undefined) return at
    if (type === undefined) throw new KernelError('ENOENT')
    if (type !== 'folder') throw new KernelError('ENOTDIR')
    if (part === '..') {
      at = parentOf(at)
      continue
    }
    const next = at === '/' ? `/${part}` : `${at}/${part}`
    const found = lookup(next)
    if (found && 'target' in found && (todo.length > 0 || followLast)) {
      links += 1
      if (links > mostLinks) throw new KernelError('ELOOP')
      todo.push(...partsOf(found.target).reverse())
      if (found.target.startsWith('/')) at = '/'
      continue
    }
    at = next
    type = found?.type
  }
}
