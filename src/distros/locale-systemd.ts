import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { LocaleRequest } from './distro.ts'

const usualFile = '/etc/locale.conf'
const usualLocale = 'en_US.UTF-8'

/** LANG in a file of shell assignments (locale.conf(5)). */
export const readSystemdLocale = (machine: Machine): string => {
  const [, value = ''] = /^[ \t]*LANG=(.*)$/m.exec(machine.files.readTextIfExists(usualFile) ?? '') ?? []
  return value.trim().replace(/^(["'])(.*)\1$/, '$2') || usualLocale
}

/** Locales come with packages; nothing is generated. @throws ConfigError */
export const applySystemdLocale = async (machine: Machine, { name, configFile }: LocaleRequest): Promise<void> => {
  if (!/^[A-Za-z][\w.@-]*$/.test(name)) {
    throw new ConfigError('locale', `${name} is not a locale; use a name such as en_GB.UTF-8`)
  }
  const file = configFile ?? usualFile
  const lines = (machine.files.readTextIfExists(file) ?? '').split('\n').filter((line) => line !== '')
  const line = `LANG=${name}`
  const at = lines.findIndex((candidate) => /^[ \t]*LANG=/.test(candidate))
  const changed = at < 0 ? [...lines, line] : lines.with(at, line)
  machine.files.write(file, `${changed.join('\n')}\n`, { mode: 0o644 })
}
