import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { LocaleRequest } from './distro.ts'

const usualFile = '/etc/default/locale'
const generatorFile = '/etc/locale.gen'
const defaultLocale = 'C.UTF-8'
/** Part of the C library: nothing to generate. */
const builtIn = new Set(['c', 'posix', 'c.utf-8', 'c.utf8'])

const localeName = /^([A-Za-z]+(?:_[A-Za-z]+)?)(?:\.([A-Za-z0-9-]+))?(?:@([A-Za-z0-9]+))?$/
const langLine = /^[ \t]*LANG=(.*)$/m

const langIn = (text: string | undefined): string | undefined =>
  langLine
    .exec(text ?? '')?.[1]
    ?.trim()
    .replace(/^(["'])(.*)\1$/, '$2') || undefined

export const readDebianLocale = (machine: Machine): string =>
  langIn(machine.files.readTextIfExists(usualFile)) ?? defaultLocale

/** A line of /usr/share/i18n/SUPPORTED and of /etc/locale.gen: `fr_CA.UTF-8 UTF-8`. */
interface SupportedLocale {
  readonly name: string
  readonly charset: string
}

const sameCharset = (left: string, right: string): boolean => {
  const plain = (charset: string): string => charset.toLowerCase().replaceAll('-', '')
  return plain(left) === plain(right)
}

const readSupported = (machine: Machine): SupportedLocale[] =>
  (machine.files.readTextIfExists('/usr/share/i18n/SUPPORTED') ?? '').split('\n').flatMap((line) => {
    const [name, charset] = line.trim().split(/\s+/)
    return name && charset ? [{ name, charset }] : []
  })

/** The locale that is meant: in the charset that was asked for, else in UTF-8 where there is that. */
const chooseLocale = (machine: Machine, requested: string): SupportedLocale => {
  const [, language = '', charset, modifier] = localeName.exec(requested) ?? []
  const candidates = readSupported(machine).filter(({ name }) => {
    const [, ownLanguage, , ownModifier] = localeName.exec(name) ?? []
    return ownLanguage === language && ownModifier === modifier
  })
  const wanted = charset ?? 'UTF-8'
  const match = candidates.find((candidate) => sameCharset(candidate.charset, wanted))
  if (match) return match
  if (charset === undefined && candidates[0]) return candidates[0]
  return { name: `${language}.${wanted}${modifier === undefined ? '' : `@${modifier}`}`, charset: wanted }
}

/** /etc/locale.gen with this locale's line switched on; all others stay as they are. */
const enabled = (text: string, line: string): string => {
  const lines = text.split('\n')
  const at = lines.findIndex((candidate) => candidate.replace(/^[#\s]+/, '').trimEnd() === line)
  if (at < 0) return `${text.trimEnd()}\n${line}\n`.replace(/^\n/, '')
  return lines.with(at, line).join('\n')
}

/** Debian's locale-gen reads the file alone; Ubuntu's older one wants the name as well. */
const generatorArguments = (machine: Machine, name: string): string[] => {
  const script = machine.files.readTextIfExists(machine.which('locale-gen') ?? '/usr/sbin/locale-gen') ?? ''
  return script.includes('--keep-existing') ? ['--keep-existing'] : [name]
}

const generate = async (
  machine: Machine,
  { name, charset }: SupportedLocale,
  request: LocaleRequest,
): Promise<void> => {
  if (machine.which('locale-gen') === undefined) await request.packages.install(machine, ['locales'])
  const before = machine.files.readTextIfExists(generatorFile) ?? ''
  machine.files.write(generatorFile, enabled(before, `${name} ${charset}`), { mode: 0o644 })
  const env = { LANG: defaultLocale, LANGUAGE: undefined, LC_ALL: defaultLocale }
  await machine.run(['locale-gen', ...generatorArguments(machine, name)], { env, output: 'pass' })
}

const writeLang = (machine: Machine, file: string, locale: string): void => {
  const before = machine.files.readTextIfExists(file) ?? ''
  const text = before === '' || before.endsWith('\n') ? before : `${before}\n`
  const line = `LANG=${locale}`
  machine.files.write(file, langLine.test(text) ? text.replace(langLine, line) : `${text}${line}\n`, { mode: 0o644 })
}

/** Generates a locale where that is needed, and makes it the default (locale(5), locale.gen(5)). */
export const applyDebianLocale = async (machine: Machine, request: LocaleRequest): Promise<void> => {
  const file = request.configFile ?? usualFile
  if (builtIn.has(request.name.toLowerCase())) return writeLang(machine, file, request.name)
  if (!localeName.test(request.name)) {
    throw new ConfigError('locale', `${request.name} is not a locale; use a name such as en_GB.UTF-8`)
  }
  const chosen = chooseLocale(machine, request.name)
  const name = request.name.includes('.') ? request.name : chosen.name
  const isInForce = langIn(machine.files.readTextIfExists(file)) === name && readDebianLocale(machine) === name
  if (isInForce) return
  await generate(machine, chosen, request)
  writeLang(machine, file, name)
}
