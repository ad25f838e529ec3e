import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * How a sandbox shows this machine's files: copy-on-write, one overlay a folder. A single overlay of `/` is not possible
 * in a user namespace, which may not lift the mounts that lie over a folder: so a folder with mounts below it is made
 * anew, and its entries are laid over one by one.
 */
export type Layer =
  | {
      readonly kind: 'overlay'
      readonly path: string
      readonly mode: number
      readonly owner: string
      /** Parts of it (`.`, `local`) whose folders are made in the upper layer beforehand, so that they can be written to. */
      readonly opened: readonly string[]
    }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number; readonly owner: string }
  /** A file beside folders with mounts below them: copied, as it must be replaceable. */
  | { readonly kind: 'copy'; readonly path: string }
  /** A folder copied with all in it that can be read. */
  | { readonly kind: 'tree'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/** Made anew in every sandbox, never this machine's. */
export const privateFolders = ['/dev', '/proc', '/run', '/sys', '/tmp']

/**
 * How the layers differ without root. Then this machine's files belong to nobody inside, and not even root inside may
 * write to a folder of nobody's: so /etc is copied, and other folders that boots write to are opened.
 */
export interface LayerRules {
  readonly copied: readonly string[]
  /** Shown empty, if it has to be laid over by itself. */
  readonly emptied: readonly string[]
  readonly opened: Readonly<Record<string, readonly string[]>>
}

/** What other programs mount, by the hundred, and a boot has no business with. */
const otherPrograms = [
  '/snap',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/lib/kubelet',
  '/var/lib/lxd',
  '/var/lib/machines',
]

const rulesForRoot: LayerRules = { copied: [], emptied: otherPrograms, opened: {} }
const rulesForOthers: LayerRules = {
  copied: ['/etc'],
  emptied: ['/root', ...otherPrograms],
  opened: { '/usr': ['local'], '/var': ['.'] },
}

export const layerRules = (isRoot: boolean): LayerRules => (isRoot ? rulesForRoot : rulesForOthers)

/** A larger file is shown read-only where copies are needed: a swap file, a kernel. */
const LARGEST_COPY = 8 * 1024 * 1024

/** A folder of more entries, with mounts among them, is shown empty: each entry would be a mount. */
const MOST_ENTRIES = 1000

const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** Where something is mounted, from /proc/self/mountinfo. */
const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map(unescaped)

const isBelow = (path: string, folder: string): boolean => path.startsWith(folder === '/' ? '/' : `${folder}/`)

/** Below an opened folder everything is open. */
const openedIn = ({ opened }: LayerRules, path: string): readonly string[] => {
  if (opened[path]) return opened[path]
  return Object.entries(opened).some(([folder, parts]) => parts.includes('.') && isBelow(path, folder)) ? ['.'] : []
}

/** The layers that show the folder `top`. What can't be looked at is left out, as it could not be used either. */
export const layersOf = (rules: LayerRules, top = '/', mounts: readonly string[] = mountPoints()): Layer[] => {
  if (privateFolders.includes(top)) return []
  try {
    const stat = lstatSync(top)
    const owner = `${stat.uid}:${stat.gid}`
    if (stat.isSymbolicLink()) return [{ kind: 'link', path: top, target: readlinkSync(top) }]
    if (stat.isFile()) return stat.size <= LARGEST_COPY ? [{ kind: 'copy', path: top }] : []
    if (!stat.isDirectory()) return []
    const mode = stat.mode & 0o7777
    if (rules.copied.includes(top)) return [{ kind: 'tree', path: top, mode }]
    if (rules.emptied.includes(top)) return [{ kind: 'folder', path: top, mode, owner }]
    if (!mounts.some((point) => point !== top && isBelow(point, top)))
      return [{ kind: 'overlay', path: top, mode, owner, opened: openedIn(rules, top) }]
    const names = readdirSync(top)
    if (names.length > MOST_ENTRIES) return [{ kind: 'folder', path: top, mode, owner }]
    const below = names.flatMap((name) => layersOf(rules, join(top, name), mounts))
    return [{ kind: 'folder', path: top, mode, owner }, ...below]
  } catch {
    return []
  }
}
