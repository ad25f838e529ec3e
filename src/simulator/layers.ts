import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * How a sandbox shows this machine's files: copy-on-write, one overlay a folder. A single overlay of `/` is not possible
 * in a user namespace, which may not lift the mounts that lie over a folder: so a folder with mounts below it is made
 * anew, and its entries are laid over one by one.
 */
export type Layer =
  | { readonly kind: 'overlay'; readonly path: string; readonly mode: number; readonly owner: string }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number; readonly owner: string }
  /** A file beside folders with mounts below them: copied, as it must be replaceable. */
  | { readonly kind: 'copy'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/** Made anew in every sandbox, never this machine's. */
export const privateFolders = ['/dev', '/proc', '/run', '/sys', '/tmp']

/** A larger file is shown read-only where copies are needed: a swap file, a kernel. */
const LARGEST_COPY = 8 * 1024 * 1024

const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Where something is mounted, from /proc/self/mountinfo. */
const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map(unescaped)

const isBelow = (path: string, folder: string): boolean => path.startsWith(folder === '/' ? '/' : `${folder}/`)

/** The layers that show the folder `top`. What can't be looked at is left out, as it could not be used either. */
export const layersOf = (top = '/', mounts: readonly string[] = mountPoints()): Layer[] => {
  if (privateFolders.includes(top)) return []
  try {
    const stat = lstatSync(top)
    const owner = `${stat.uid}:${stat.gid}`
    if (stat.isSymbolicLink()) return [{ kind: 'link', path: top, target: readlinkSync(top) }]
    if (stat.isFile()) return stat.size <= LARGEST_COPY ? [{ kind: 'copy', path: top }] : []
    if (!stat.isDirectory()) return []
    const mode = stat.mode & 0o7777
    if (!mounts.some((point) => point !== top && isBelow(point, top)))
      return [{ kind: 'overlay', path: top, mode, owner }]
    const below = readdirSync(top).flatMap((name) => layersOf(join(top, name), mounts))
    return [{ kind: 'folder', path: top, mode, owner }, ...below]
  } catch {
    return []
  }
}
