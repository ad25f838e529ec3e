import { isJsonObject, type Json, type JsonObject, objectAt } from '../machine/json.ts'
import type { Distro } from './distro.ts'

/**
 * `users`, `user` and `groups` of the cloud-config, which may be written in many ways, as one list of users and one of
 * groups. Several modules need to know them (who is the default user?), users_groups acts on them.
 */
export interface UsersConfig {
  /** In the order they are made: as written, the default user last. */
  readonly users: readonly UserEntry[]
  readonly groups: readonly GroupEntry[]
  /** The default user's entry, when the configuration asks for one. */
  readonly defaultUser: UserEntry | undefined
  /** Entries that say nothing usable: lines that name the key. */
  readonly problems: readonly string[]
}

export interface UserEntry {
  readonly name: string
  /** Where it stands, for messages: `users[2]`. */
  readonly key: string
  readonly isDefault: boolean
  /** Its options by name, dashes in names made underscores. */
  readonly options: JsonObject
}

export interface GroupEntry {
  readonly name: string
  readonly key: string
  readonly members: readonly string[]
}

interface Found {
  readonly name: string
  readonly key: string
  readonly options: JsonObject
}

/** Stands for the default user in `users`. */
const defaultName = 'default'

const words = (value: Json | undefined): string[] => {
  const items = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []
  return items.flatMap((item) => (typeof item === 'string' || typeof item === 'number' ? [String(item).trim()] : []))
}

/** Names of groups in any way they may be written: `a, b`, a list, or a mapping of names to nothing (deprecated). */
export const groupNames = (value: Json | undefined): string[] => {
  const names = isJsonObject(value) ? Object.keys(value).map((name) => name.trim()) : words(value)
  return [...new Set(names.filter(Boolean))]
}

/** `no-create-home` and `no_create_home` are one option; of both the underscored one counts. */
const withUnderscores = (options: JsonObject): JsonObject => {
  const dashed = Object.entries(options).filter(([key]) => key.includes('-'))
  const plain = Object.entries(options).filter(([key]) => !key.includes('-'))
  return Object.fromEntries([...dashed.map(([key, value]) => [key.replaceAll('-', '_').trim(), value]), ...plain])
}

const isOn = (value: Json): boolean =>
  value === true || (typeof value === 'number' ? value === 1 : /^(true|1|on|yes)$/i.test(String(value).trim()))

/** Mappings are taken in the order of their names, as cloud-init does: it decides about user and group numbers. */
const sortedEntries = (object: JsonObject): [string, Json][] =>
  Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1))

const fromMapping = (users: JsonObject, problems: string[]): Found[] =>
  sortedEntries(users).flatMap(([name, value]) => {
    const key = `users.${name}`
    if (isJsonObject(value)) return [{ name, key, options: value }]
    if (value === null || Array.isArray(value)) {
      problems.push(`${key}: must be a mapping of options, or true; it is left out`)
      return []
    }
    return isOn(value) ? [{ name, key, options: {} }] : []
  })

const fromItem = (item: Json, key: string, problems: string[]): Found[] => {
  if (isJsonObject(item)) {
    const { name = defaultName, ...options } = item
    if (typeof name === 'string' || typeof name === 'number') return [{ name: String(name).trim(), key, options }]
    // The schema's check reports it.
    return []
  }
  const names = words(item).filter(Boolean)
  if (names.length === 0) problems.push(`${key}: must be a name or a mapping of options; it is left out`)
  return names.map((name) => ({ name, key, options: {} }))
}

const foundUsers = (users: Json | undefined, problems: string[]): Found[] => {
  if (users === undefined || users === null) return []
  if (isJsonObject(users)) return fromMapping(users, problems)
  if (Array.isArray(users)) return users.flatMap((item, index) => fromItem(item, `users[${index}]`, problems))
  return fromItem(users, 'users', problems)
}

/** Entries of one name become one; of an option given twice the first counts. */
const merged = (entries: readonly Found[]): Map<string, Found> => {
  const byName = new Map<string, Found>()
  for (const entry of entries) {
    const earlier = byName.get(entry.name)
    const options = { ...withUnderscores(entry.options), ...earlier?.options }
    byName.set(entry.name, { name: entry.name, key: earlier?.key ?? entry.key, options })
  }
  return byName
}

/** `user:` redefines what the distribution's default user is; a bare name keeps the rest. */
const defaultUserOptions = (config: JsonObject, distro: Distro, problems: string[]): JsonObject => {
  const user = config['user']
  const image = withUnderscores(objectAt(distro.systemInfo, 'default_user'))
  if (user === undefined || user === null) return image
  if (typeof user === 'string' || typeof user === 'number') return { ...image, name: String(user) }
  if (isJsonObject(user)) return { ...image, ...withUnderscores(user) }
  problems.push('user: must be a name or a mapping of options; it is left out')
  return image
}

/** The default user is what `users` says of `default` and of its real name, over what the image says of it. */
const resolveDefault = (users: Map<string, Found>, config: JsonObject, distro: Distro, problems: string[]) => {
  const image = defaultUserOptions(config, distro, problems)
  const { name } = image
  const asked = users.get(defaultName)
  users.delete(defaultName)
  if (asked === undefined) return undefined
  if (typeof name !== 'string' || name === '') {
    problems.push(`${asked.key}: default is asked for, but system_info.default_user has no name`)
    return undefined
  }
  const named = users.get(name)
  users.delete(name)
  const all = [named?.options ?? {}, asked.options, image]
  const groups = [...new Set(all.flatMap((options) => groupNames(options['groups'])))].sort()
  const { name: _name, ...imageOptions } = image
  const options: JsonObject = { ...imageOptions, ...asked.options, ...named?.options, groups }
  return { name, key: named?.key ?? asked.key, isDefault: true, options }
}

const groupItems = (item: Json, key: string, problems: string[]): GroupEntry[] => {
  if (!isJsonObject(item)) {
    const names = words(item).filter(Boolean)
    if (names.length === 0) problems.push(`${key}: must be a name or a mapping of a name to members; it is left out`)
    return names.map((name) => ({ name, key, members: [] }))
  }
  return sortedEntries(item).map(([name, members]) => {
    const usable = Array.isArray(members) || typeof members === 'string' || members === null
    if (!usable) problems.push(`${key}.${name}: members must be a list of user names; the group is made without`)
    return { name: name.trim(), key, members: words(members).filter(Boolean) }
  })
}

const foundGroups = (groups: Json | undefined, problems: string[]): GroupEntry[] => {
  if (groups === undefined || groups === null) return []
  const entries = Array.isArray(groups)
    ? groups.flatMap((item, index) => groupItems(item, `groups[${index}]`, problems))
    : groupItems(groups, 'groups', problems)
  const byName = new Map<string, GroupEntry>()
  for (const entry of entries) {
    const members = [...new Set([...(byName.get(entry.name)?.members ?? []), ...entry.members])].sort()
    byName.set(entry.name, { ...entry, members })
  }
  return [...byName.values()]
}

/** Reads `users`, `user` and `groups` of a whole cloud-config. Never throws: what is unusable is in `problems`. */
export const readUsers = (config: JsonObject, distro: Distro): UsersConfig => {
  const problems: string[] = []
  const found = foundUsers(config['users'], problems)
  // Nothing of it is usable: it can't be known that nobody was wanted, and a machine that nobody can enter is lost.
  if (found.length === 0 && problems.length > 0) found.push({ name: defaultName, key: 'users', options: {} })
  const hasUserKey = config['user'] !== undefined && config['user'] !== null
  if (hasUserKey) found.push({ name: defaultName, key: 'user', options: {} })
  const users = merged(found)
  const defaultUser = resolveDefault(users, config, distro, problems)
  const others = [...users.values()].map((user) => ({ ...user, isDefault: false }))
  return {
    users: defaultUser ? [...others, defaultUser] : others,
    groups: foundGroups(config['groups'], problems),
    defaultUser,
    problems,
  }
}

/** A yes-or-no option of a user, for the modules that only look on. Anything but a clear yes is no. */
export const readUserFlag = (options: JsonObject, name: string): boolean => isOn(options[name] ?? false)
