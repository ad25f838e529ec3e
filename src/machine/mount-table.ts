import type { Machine } from './machine.ts'

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export interface Mount {
  /** Where it is mounted. */
  readonly folder: string
  /** `ext4`, `overlay` ... */
  readonly type: string
  /** `/dev/vda1`, or a name where there is no device. */
  readonly source: string
  readonly isReadOnly: boolean
  /** Device number of the file system, `major:minor`. */
  readonly device: string
}

/** Spaces and the like are written as octal numbers. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

const readMount = (line: string): Mount | undefined => {
  const [before, after] = line.split(' - ', 2)
  const [, , device, , folder, options] = (before ?? '').split(' ')
  const [type, source] = (after ?? '').split(' ')
  if (device === undefined || folder === undefined || options === undefined || !type || source === undefined) {
    return undefined
  }
  const isReadOnly = options.split(',').includes('ro')
  return { device, folder: unescaped(folder), type, source: unescaped(source), isReadOnly }
}

const holds = (folder: string, path: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`)

/** The mount that holds `path` (the topmost, where several lie over each other); undefined when /proc does not tell. */
export const mountOf = (machine: Machine, path: string): Mount | undefined => {
  let best: Mount | undefined
  for (const line of (machine.files.readTextIfExists('/proc/self/mountinfo') ?? '').split('\n')) {
    const mount = readMount(line)
    if (!mount || !holds(mount.folder, path)) continue
    if (best === undefined || mount.folder.length >= best.folder.length) best = mount
  }
  return best
}
