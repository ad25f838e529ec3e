import { defaultPaths, type Paths } from '../instance/paths.ts'
import type { Change } from '../machine/journal.ts'
import { readChanges, serializeChanges } from '../machine/journal-lines.ts'
import type { Machine } from '../machine/machine.ts'
import { logFile, outputLogFile } from './log-file.ts'

/** Readable by root alone: paths and command lines can be private. */
const changesFile = (paths: Paths): string => `${paths.cloud}/data/changes.jsonl`

/** Adds what the journal holds since entry `first` to the record of this boot. A new boot begins a new record. */
export const keepChanges = (machine: Machine, paths: Paths, first: number): void => {
  const changes = machine.journal.entries.slice(first)
  if (changes.length > 0) machine.files.append(changesFile(paths), serializeChanges(changes), { mode: 0o600 })
}

export const forgetChanges = (machine: Machine, paths: Paths): void => machine.files.remove(changesFile(paths))

/** What the last boot changed; undefined when no boot was recorded. */
export const readBootChanges = (machine: Machine, paths: Paths = defaultPaths): Change[] | undefined => {
  const text = machine.files.readTextIfExists(changesFile(paths))
  return text === undefined ? undefined : readChanges(text)
}

const ownFolders = [defaultPaths.cloud, defaultPaths.run]

/** True for firstlight's own state and logs, which users rarely ask about. Their scripts are not state. */
export const isOwnState = (change: Change): boolean => {
  if (change.kind === 'command') return false
  if (change.path === logFile || change.path === outputLogFile) return true
  return ownFolders.some((folder) => change.path === folder || change.path.startsWith(`${folder}/`))
}
