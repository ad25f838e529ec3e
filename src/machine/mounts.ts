import type { Files } from './files.ts'

/** /proc/mounts writes blanks and backslashes as octal numbers (proc(5)). */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/** The folder on which `device` is mounted already, by its own name or that of a link to it; undefined: it is not. */
export const mountedFolder = (files: Files, device: string): string | undefined => {
  const real = (path: string): string => (files.exists(path) ? files.realPath(path) : path)
  const wanted = real(device)
  for (const line of (files.readTextIfExists('/proc/mounts') ?? '').split('\n')) {
    const [source = '', folder] = line.split(' ')
    if (!source.startsWith('/dev/') || folder === undefined) continue
    const name = unescaped(source)
    if (name === device || real(name) === wanted) return unescaped(folder)
  }
  return undefined
}
