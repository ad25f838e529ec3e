import { randomInt } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject, objectAt } from '../../src/machine/json.ts'
import type { Log } from '../../src/machine/log.ts'

/** A password to be set for one user. */
export interface PasswordRequest {
  readonly name: string
  readonly password: string
  readonly isHash: boolean
  /** Made here: nobody knows it unless it is shown. */
  readonly isRandom: boolean
}

const classes = ['0123456789', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '!#%*+,-./=?@^_~'] as const

const pick = (characters: string): string => characters[randomInt(characters.length)] ?? ''

/** A password of 20 characters with at least one digit, small letter, capital and sign. */
export const randomPassword = (): string => {
  const all = classes.join('')
  const picked = [...classes.map(pick), ...Array.from({ length: 16 }, () => pick(all))]
  for (let last = picked.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1)
    ;[picked[last], picked[other]] = [picked[other] ?? '', picked[last] ?? '']
  }
  return picked.join('')
}

const random = (name: string): PasswordRequest => ({ name, password: randomPassword(), isHash: false, isRandom: true })

/** crypt(3) hashes that `list` recognises: MD5, bcrypt, SHA-256 and SHA-512. */
const isHash = (text: string): boolean => /^\$(1|2a|2y|5|6)(\$.+){2}/.test(text) && !text.includes(':')

const fromLine = (line: string): PasswordRequest | undefined => {
  const colon = line.indexOf(':')
  if (colon < 1) return undefined
  const [name, password] = [line.slice(0, colon), line.slice(colon + 1)]
  if (password === 'R' || password === 'RANDOM') return random(name)
  return { name, password, isHash: isHash(password), isRandom: false }
}

const fromItem = (item: Json): PasswordRequest | undefined => {
  if (!isJsonObject(item)) return undefined
  const { name, type = 'hash' } = item
  const password = typeof item['password'] === 'number' ? String(item['password']) : item['password']
  if (typeof name !== 'string' || name === '') return undefined
  if (type === 'RANDOM') return random(name)
  if (typeof password !== 'string' || (type !== 'hash' && type !== 'text')) return undefined
  return { name, password, isHash: type === 'hash', isRandom: false }
}

const linesOf = (list: Json | undefined): Json[] => {
  if (typeof list === 'string') return list.split(/\r?\n/).filter((line) => line.trim() !== '')
  return Array.isArray(list) ? list : []
}

/**
 * The passwords that `chpasswd` asks for, or `password` for the default user. A line or item that is none is left out;
 * the check of the configuration has told of it already.
 *
 * @param forDefault a password for the default user that hides `chpasswd.list`, from the command line
 */
export const readRequests = (
  config: JsonObject,
  forDefault: string | undefined,
  defaultUser: string | undefined,
  log: Log,
): PasswordRequest[] => {
  const chpasswd = objectAt(config, 'chpasswd')
  const users = chpasswd['users']
  const items = (Array.isArray(users) ? users : []).flatMap((item, index) => {
    const request = fromItem(item)
    if (!request) log.debug(`chpasswd.users[${index}]: must have a name, and a password or type RANDOM; it is left out`)
    return request ?? []
  })
  const lines = (forDefault === undefined ? linesOf(chpasswd['list']) : []).flatMap((line, index) => {
    const request = typeof line === 'string' ? fromLine(line) : undefined
    if (!request) log.debug(`chpasswd.list, line ${index + 1}: must be name:password; it is left out`)
    return request ?? []
  })
  if (items.length > 0 || lines.length > 0) return [...items, ...lines]
  const given = forDefault ?? config['password']
  if ((typeof given !== 'string' && typeof given !== 'number') || given === '') return []
  if (defaultUser !== undefined) return [fromLine(`${defaultUser}:${given}`) ?? random(defaultUser)]
  log.warning('password: there is no default user to give it to; add default to users, or use chpasswd.users')
  return []
}
