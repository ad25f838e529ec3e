import type { Machine } from '../machine/machine.ts'

/**
 * Keys looked up in /etc/cloud/cloud.cfg and cloud.cfg.d line by line, not as YAML: identification runs before
 * anything else, and its verdicts are those of a line search (a key may stand at any depth; of several the last
 * counts). `datasource_list` on several lines is therefore not seen, as it never was.
 */
const MAIN = '/etc/cloud/cloud.cfg'
const FOLDER = '/etc/cloud/cloud.cfg.d'

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const linesOf = (machine: Machine, path: string): string[] => {
  try {
    return machine.files.readTextIfExists(path)?.split('\n') ?? []
  } catch {
    return []
  }
}

/** cloud.cfg, then the files of cloud.cfg.d in the order in which they are read. */
const configFiles = (machine: Machine, dropIns: RegExp): string[] => [
  MAIN,
  ...machine.files
    .list(FOLDER)
    .filter((name) => !name.startsWith('.') && name.endsWith('.cfg') && dropIns.test(name))
    .map((name) => `${FOLDER}/${name}`),
]

/**
 * What follows `key: ` on the last line that names the key, comments cut off; the whole line when the value is not on
 * it. undefined: no file names the key.
 * @param dropIns which files of cloud.cfg.d count
 */
export const searchConfig = (machine: Machine, key: string, dropIns = /./): string | undefined => {
  const pattern = new RegExp(`${escaped(key)}["']*\\s*:`)
  let found: string | undefined
  for (const path of configFiles(machine, dropIns)) {
    for (const line of linesOf(machine, path)) {
      if (!pattern.test(line)) continue
      const text = line.split('#', 1)[0] ?? ''
      if (text === '') continue
      const colon = text.indexOf(': ')
      found = colon < 0 ? text : text.slice(colon + 2)
    }
  }
  return found
}

/** The one-line value of a key, trimmed; undefined when no file names it or the value is not on that line. */
export const searchConfigValue = (machine: Machine, key: string): string | undefined => {
  const found = searchConfig(machine, key)
  const value = found?.slice(found.lastIndexOf(':') + 1).trim()
  return value === '' ? undefined : value
}

/** Without the quotes around it, if both ends have the same. */
export const unquote = (text: string): string => /^(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? text

/** The entries of a flow list on one line, brackets optional: `[ "A", B ]`. */
export const flowList = (text: string): string[] =>
  text
    .replace(/^\[/, '')
    .replace(/\]$/, '')
    .split(',')
    .map((entry) => unquote(entry.trim()))
    .flatMap((entry) => entry.split(/\s+/))
    .filter((entry) => entry !== '')
