import { createHash } from 'node:crypto'
import type { Change } from './journal.ts'
import { isJsonObject, type JsonObject } from './json.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const asLine = (change: Change): string => {
  if (change.kind !== 'file') return JSON.stringify(change)
  const { before: _before, after, ...facts } = change
  return JSON.stringify({ ...facts, ...(after && facts.sha256 === undefined && { sha256: sha256(after) }) })
}

/**
 * Changes as text to keep, one JSON object a line. Contents of files are left out: sizes and checksums say enough, and a
 * password file's content has no business in a second place.
 */
export const serializeChanges = (changes: readonly Change[]): string =>
  changes.map((change) => `${asLine(change)}\n`).join('')

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'

/** A change by a line's object; undefined when it is not one (a line cut off by a crash, or of a later version). */
const readChange = (line: JsonObject): Change | undefined => {
  const { actor, kind, path, target, mode, owner, size, secret, argv, exitCode, input } = line
  if (!isText(actor)) return undefined
  if (kind === 'command') {
    if (!Array.isArray(argv) || !argv.every(isText)) return undefined
    return { actor, kind, argv, ...(isNumber(exitCode) && { exitCode }), ...(input === true && { input }) }
  }
  if (!isText(path)) return undefined
  switch (kind) {
    case 'file': {
      if (!isNumber(mode) || !isNumber(size)) return undefined
      const checksum = isText(line['sha256']) && { sha256: line['sha256'] }
      return { actor, kind, path, mode, size, secret: secret !== false, ...checksum }
    }
    case 'folder':
      return isNumber(mode) ? { actor, kind, path, mode } : undefined
    case 'link':
    case 'rename':
      return isText(target) ? { actor, kind, path, target } : undefined
    case 'remove':
      return { actor, kind, path }
    case 'attributes':
      return { actor, kind, path, ...(isNumber(mode) && { mode }), ...(isText(owner) && { owner }) }
    default:
      return undefined
  }
}

/** The changes that `serializeChanges` wrote. Lines that cannot be understood are left out. */
export const readChanges = (text: string): Change[] =>
  text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line)
      const change = isJsonObject(value) ? readChange(value) : undefined
      return change ? [change] : []
    } catch {
      return []
    }
  })
