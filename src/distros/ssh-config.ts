import type { Machine } from '../machine/machine.ts'

/** sshd's configuration (sshd_config(5)): what it says, and changes to it. */

const mainFile = '/etc/ssh/sshd_config'
const dropInFolder = `${mainFile}.d`
const dropIn = `${dropInFolder}/50-cloud-init.conf`

interface Line {
  /** Lower case; undefined for a comment or a blank line. */
  readonly keyword: string | undefined
  readonly value: string
}

const parseLine = (text: string): Line => {
  const [, keyword, value = ''] = /^\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(text) ?? []
  return { keyword: keyword?.toLowerCase(), value: value.replace(/^"(.*)"$/, '$1') }
}

const linesOf = (text: string): string[] => {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Files that an Include names; only its last part may hold wildcards (the usual case), one level deep. */
const includedFiles = (machine: Machine, pattern: string): string[] => {
  const path = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`
  const slash = path.lastIndexOf('/')
  const [folder, name] = [path.slice(0, slash), path.slice(slash + 1)]
  const escaped = name
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const matches = new RegExp(`^${escaped}$`)
  return machine.files
    .list(folder)
    .filter((entry) => matches.test(entry) && !entry.startsWith('.'))
    .map((entry) => `${folder}/${entry}`)
}

const valueIn = (machine: Machine, file: string, keyword: string, depth: number): string | undefined => {
  for (const text of linesOf(machine.files.readTextIfExists(file) ?? '')) {
    const line = parseLine(text)
    // What follows a Match line is for some connections only.
    if (line.keyword === 'match') return undefined
    if (line.keyword === keyword) return line.value
    if (line.keyword !== 'include' || depth > 3) continue
    for (const pattern of line.value.split(/\s+/)) {
      for (const included of includedFiles(machine, pattern)) {
        const value = valueIn(machine, included, keyword, depth + 1)
        if (value !== undefined) return value
      }
    }
  }
  return undefined
}

/** What sshd_config says of a keyword for every connection: the first value counts. Drop-ins are looked into. */
export const sshdOption = (machine: Machine, keyword: string): string | undefined =>
  valueIn(machine, mainFile, keyword.toLowerCase(), 0)

/** The drop-in where sshd reads drop-ins, else sshd_config itself. */
const ownFile = (machine: Machine): string => {
  const { files } = machine
  const main = files.readTextIfExists(mainFile)
  if (main === undefined) return files.exists(dropInFolder) ? dropIn : mainFile
  const includes = linesOf(main).some((text) => {
    const line = parseLine(text)
    return line.keyword === 'include' && line.value.split(/\s+/).includes(`${dropInFolder}/*.conf`)
  })
  return includes ? dropIn : mainFile
}

const save = (machine: Machine, file: string, lines: readonly string[]): void => {
  const text = lines.map((line) => `${line}\n`).join('')
  const isNew = machine.files.linkStat(file) === undefined
  machine.files.write(file, text, isNew ? { mode: 0o600 } : {})
}

/**
 * Sets a keyword for every connection, in `sshd_config.d/50-cloud-init.conf` or, where sshd reads no drop-ins, in
 * sshd_config (before any Match line).
 *
 * @returns true when something changed, so that sshd must be restarted
 */
export const setSshdOption = (machine: Machine, keyword: string, value: string): boolean => {
  const file = ownFile(machine)
  const lines = linesOf(machine.files.readTextIfExists(file) ?? '')
  const parsed = lines.map(parseLine)
  const wanted = `${keyword} ${value}`
  const isIt = (line: Line): boolean => line.keyword === keyword.toLowerCase()
  const match = parsed.findIndex((line) => line.keyword === 'match')
  const globalEnd = match === -1 ? lines.length : match
  const place = parsed.slice(0, globalEnd).findIndex(isIt)
  if (place === -1) {
    save(machine, file, [...lines.slice(0, globalEnd), wanted, ...lines.slice(globalEnd)])
    return true
  }
  const isDifferent = (line: Line, at: number): boolean => at < globalEnd && isIt(line) && line.value !== value
  if (!parsed.some(isDifferent)) return false
  const changed = lines.map((text, at) => {
    const line = parsed[at]
    return line !== undefined && isDifferent(line, at) ? wanted : text
  })
  save(machine, file, changed)
  return true
}

/** Adds lines that may stand several times, such as `HostCertificate FILE`. Those that are there are not added again. */
export const addSshdLines = (machine: Machine, wanted: readonly string[]): void => {
  if (wanted.length === 0) return
  const file = ownFile(machine)
  const lines = linesOf(machine.files.readTextIfExists(file) ?? '')
  const missing = wanted.filter((line) => !lines.includes(line))
  if (missing.length === 0) return
  const match = lines.findIndex((text) => parseLine(text).keyword === 'match')
  const end = match === -1 ? lines.length : match
  save(machine, file, [...lines.slice(0, end), ...missing, ...lines.slice(end)])
}
