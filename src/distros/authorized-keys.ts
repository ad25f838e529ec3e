import { FileError } from '../machine/errors.ts'
import type { Owner } from '../machine/files.ts'
import type { Machine } from '../machine/machine.ts'
import type { Account } from './distro.ts'
import { formatKeyLine, type KeyLine, parseKeyLine } from './key-line.ts'
import { sshdOption } from './ssh-config.ts'

/**
 * authorized_keys files. They lie where their users may put links and files of their own, so nothing is read or written
 * through a link that is not root's, nor in a folder that is somebody else's.
 */

const ownerOf = ({ userId, groupId }: Account): Owner => ({ userId, groupId })

const partsBelow = (path: string): string[] => {
  const names = path.split('/').filter(Boolean)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}

const isWithin = (path: string, folder: string): boolean => folder !== '/' && path.startsWith(`${folder}/`)

const refuse: (path: string, why: string) => never = (path, why) => {
  throw new FileError('use', path, 'EPERM', `${why}; no SSH key is written there`)
}

/** A link counts when it is root's and stands where only root could have put it. */
const isRootsLink = (machine: Machine, path: string): boolean => {
  const parent = machine.files.stat(path.slice(0, path.lastIndexOf('/')) || '/')
  return (
    machine.files.linkStat(path)?.userId === 0 &&
    parent?.userId === 0 &&
    ((parent.mode & 0o022) === 0 || (parent.mode & 0o1000) !== 0)
  )
}

/** One folder on the way to the file: made when it is missing, refused when somebody else could have planted it. */
const checkFolder = (machine: Machine, folder: string, account: Account): void => {
  const { files } = machine
  const isOwn = isWithin(folder, account.home)
  const found = files.linkStat(folder)
  if (found === undefined) {
    if (!isOwn && (folder === account.home || isWithin(account.home, folder)))
      refuse(folder, 'the home folder does not exist')
    files.makeFolder(folder, isOwn ? { mode: 0o700, owner: ownerOf(account) } : { mode: 0o755 })
    return
  }
  if (found.type === 'link' && !isRootsLink(machine, folder)) refuse(folder, 'it is a link that root did not make')
  const target = files.stat(folder)
  if (target?.type !== 'folder') refuse(folder, 'it is not a folder')
  if (target.userId !== 0 && target.userId !== account.userId) refuse(folder, 'it belongs to another user')
  // Left behind when its making was cut off between folder and owner.
  const isUnfinished = isOwn && target.userId === 0 && account.userId !== 0 && files.list(folder).length === 0
  if (isUnfinished) files.makeFolder(folder, { mode: 0o700, owner: ownerOf(account) })
}

const checkFile = (machine: Machine, path: string, account: Account): void => {
  const found = machine.files.linkStat(path)
  if (found === undefined) return
  if (found.type === 'link' && !isRootsLink(machine, path)) refuse(path, 'it is a link that root did not make')
  const target = machine.files.stat(path)
  if (target?.type !== 'file') refuse(path, 'it is not a file')
  if (target.userId !== 0 && target.userId !== account.userId) refuse(path, 'it belongs to another user')
}

const checkPath = (machine: Machine, path: string, account: Account): void => {
  const folders = partsBelow(path).slice(0, -1)
  for (const folder of folders) checkFolder(machine, folder, account)
  checkFile(machine, path, account)
}

/** A path of AuthorizedKeysFile that is this user's alone, or undefined (sshd_config(5), TOKENS). */
const ownPath = (pattern: string, account: Account): string | undefined => {
  const tokens: Readonly<Record<string, string>> = {
    '%h': account.home,
    '%u': account.name,
    '%U': String(account.userId),
    '%%': '%',
  }
  const filled = pattern.replaceAll(/%[%huU]/g, (token) => tokens[token] ?? token)
  const path = filled.startsWith('/') ? filled : `${account.home}/${filled}`
  const isOwn = /%[huU]/.test(pattern) || isWithin(path, account.home)
  return isOwn ? path.replaceAll(/\/{2,}/g, '/') : undefined
}

/** Where sshd looks for this user's keys: the first own path of AuthorizedKeysFile, else `~/.ssh/authorized_keys`. */
const keyFileOf = (machine: Machine, account: Account): string => {
  const patterns = (sshdOption(machine, 'AuthorizedKeysFile') ?? '').split(/\s+/).filter(Boolean)
  const own = patterns.flatMap((pattern) => (pattern === 'none' ? [] : (ownPath(pattern, account) ?? [])))
  return own.find((path) => !path.split('/').includes('..')) ?? `${account.home}/.ssh/authorized_keys`
}

const withKeys = (lines: readonly string[], keys: readonly KeyLine[]): string[] => {
  const missing = new Map(keys.map((key) => [key.base64, key]))
  const byBase64 = new Map(missing)
  const kept = lines.map((line) => {
    const present = parseKeyLine(line)
    const replacement = present && byBase64.get(present.base64)
    if (present) missing.delete(present.base64)
    return replacement ? formatKeyLine(replacement) : line
  })
  return [...kept, ...[...missing.values()].map(formatKeyLine)]
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

export interface AuthorizedKeys {
  readonly path: string
  readonly keys: readonly KeyLine[]
}

/**
 * Adds keys to a user's authorized_keys; a key that is there gets the new options and comment, everything else stays.
 * The file (0600) and its folder (0700) are made when missing, also without any key.
 *
 * @param keys OpenSSH public key lines; one that is none is left out with a warning
 * @param options takes the place of the keys' own options, unless empty
 * @throws FileError when the way to the file is not safe, or there is no home folder
 */
export const addAuthorizedKeys = (
  machine: Machine,
  account: Account,
  keys: readonly string[],
  options = '',
): AuthorizedKeys => {
  const parsed = keys.flatMap((text) => {
    const key = parseKeyLine(text)
    if (key !== undefined) return [options === '' ? key : { ...key, options }]
    machine.log.warning(
      `${JSON.stringify(text.slice(0, 40))} is not an OpenSSH public key; ${account.name} does not get it`,
    )
    return []
  })
  const path = keyFileOf(machine, account)
  checkPath(machine, path, account)
  const present = machine.files.readTextIfExists(path)
  const lines = withKeys(linesOf(present ?? ''), parsed)
  const content = lines.map((line) => `${line}\n`).join('')
  const isUnfinished = present === ''
  const attributes = present === undefined || isUnfinished ? { mode: 0o600, owner: ownerOf(account) } : {}
  machine.files.write(path, content, attributes)
  return { path, keys: lines.flatMap((line) => parseKeyLine(line) ?? []) }
}
