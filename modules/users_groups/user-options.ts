import { groupNames, type UserEntry } from '../../src/distros/users-config.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import type { Json } from '../../src/machine/json.ts'

/** A user's options, each of one type. undefined: not given. */
export interface UserOptions {
  readonly fullName: string | undefined
  readonly home: string | undefined
  readonly shell: string | undefined
  readonly userId: number | undefined
  readonly primaryGroup: string | undefined
  readonly groups: readonly string[]
  readonly createGroups: boolean
  readonly expireDate: string | undefined
  readonly inactiveDays: string | undefined
  readonly selinuxUser: string | undefined
  readonly isSystem: boolean
  readonly noCreateHome: boolean
  readonly noUserGroup: boolean
  readonly noLogInit: boolean
  /** Empty text: an empty password is asked for. */
  readonly passwordHash: string | undefined
  readonly hashForAny: string | undefined
  readonly plainPassword: string | undefined
  readonly lockPassword: boolean
  readonly doas: readonly string[]
  readonly sudo: readonly string[]
  readonly sshKeys: readonly string[] | undefined
  readonly importsKeys: boolean
  readonly redirectsToDefault: boolean
  readonly snapUser: string | undefined
  readonly isKnownToSnap: boolean
}

type Read<T> = (value: Json) => T | undefined

const asText: Read<string> = (value) => {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : undefined
}

const asFlag: Read<boolean> = (value) => {
  if (typeof value === 'boolean') return value
  const text = String(value).trim().toLowerCase()
  if (['true', '1', 'on', 'yes'].includes(text)) return true
  return ['false', '0', 'off', 'no'].includes(text) ? false : undefined
}

const asNumber: Read<number> = (value) => {
  const text = asText(value)?.trim() ?? ''
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

const asDate: Read<string> = (value) => {
  const text = asText(value)?.trim() ?? ''
  return /^(\d{4}-\d{1,2}-\d{1,2}|\d+)?$/.test(text) ? text : undefined
}

const asTexts: Read<readonly string[]> = (value) => {
  if (typeof value === 'string') return [value]
  const items = Array.isArray(value) ? value : Object.values(value ?? {})
  if (typeof value !== 'object') return undefined
  const texts = items.filter((item) => item !== null).map(asText)
  return texts.every((text) => text !== undefined) ? texts : undefined
}

/** `false` (and null) deny sudo; `true` is no rule. */
const asRules: Read<readonly string[]> = (value) => {
  if (value === false || value === '') return []
  return asTexts(value)
}

/** `true`, or `default`, which means the same. */
const asRedirect: Read<boolean> = (value) => (value === 'default' ? true : asFlag(value))

const asGroups: Read<readonly string[]> = (value) => {
  if (typeof value === 'boolean' || typeof value === 'number') return undefined
  return groupNames(value)
}

export interface Listener {
  /** A value of the wrong type: the check of the configuration has told of it already. */
  note(problem: string): void
  /** Anything else that is unusable. */
  report(problem: string): void
}

/**
 * Reads a user's options. An unusable value counts as not given, so that the user is made all the same; but where that
 * could open more than was meant (another shell, no end of the account), the user is refused.
 *
 * @throws ConfigError
 */
export const readUserOptions = ({ key, options }: UserEntry, { note, report }: Listener): UserOptions => {
  const must = <T>(name: string, as: Read<T>, what: string): T | undefined => {
    const value = options[name]
    if (value === undefined || value === null) return undefined
    const converted = as(value)
    if (converted === undefined) throw new ConfigError(`${key}.${name}`, `must be ${what}`)
    return converted
  }
  const read = <T>(name: string, as: Read<T>, what: string): T | undefined => {
    try {
      return must(name, as, what)
    } catch (error) {
      note(`${messageOf(error)}; it is left out`)
      return undefined
    }
  }
  if (options['sudo'] === true) report(`${key}.sudo: true is no rule; write one, such as ALL=(ALL) ALL`)
  const text = (name: string): string | undefined => read(name, asText, 'a text')
  const flag = (name: string, otherwise: boolean): boolean => read(name, asFlag, 'true or false') ?? otherwise
  return {
    fullName: text('gecos'),
    home: must('homedir', asText, 'a text'),
    shell: must('shell', asText, 'a text'),
    userId: must('uid', asNumber, 'a number'),
    primaryGroup: must('primary_group', asText, 'a text')?.trim() || undefined,
    groups: read('groups', asGroups, 'a list of names, or one text with commas') ?? [],
    createGroups: flag('create_groups', true),
    expireDate: must('expiredate', asDate, 'a day such as 2032-09-01'),
    inactiveDays: must('inactive', asText, 'a text'),
    selinuxUser: must('selinux_user', asText, 'a text'),
    isSystem: must('system', asFlag, 'true or false') ?? false,
    noCreateHome: flag('no_create_home', false),
    noUserGroup: flag('no_user_group', false),
    noLogInit: flag('no_log_init', false),
    passwordHash: text('passwd'),
    hashForAny: text('hashed_passwd'),
    plainPassword: text('plain_text_passwd'),
    lockPassword: flag('lock_passwd', true),
    doas: read('doas', asTexts, 'a list of rules') ?? [],
    sudo: read('sudo', asRules, 'a rule, a list of rules, or null') ?? [],
    sshKeys: read('ssh_authorized_keys', asTexts, 'a list of public keys'),
    importsKeys: (read('ssh_import_id', asTexts, 'a list of names') ?? []).length > 0,
    redirectsToDefault: read('ssh_redirect_user', asRedirect, 'true, false or default') ?? false,
    snapUser: text('snapuser'),
    isKnownToSnap: flag('known', false),
  }
}
