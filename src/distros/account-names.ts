import { ConfigError } from '../machine/errors.ts'

/** Names that would be taken for something else: a path, an option, a field of /etc/passwd, another line. */
const problemWith = (name: string): string | undefined => {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return 'is not a name'
  if (name.startsWith('-')) return 'begins with a dash'
  if (name.length > 255) return 'is longer than 255 characters'
  const bad = /[/:,\s\p{Cc}]/u.exec(name)
  if (bad) return `holds ${JSON.stringify(bad[0])}`
  return undefined
}

/**
 * Refuses a user or group name that must not reach a command line, a path or a line of /etc/passwd. What else the
 * distribution's own useradd thinks of a name is its own affair.
 *
 * @param key where the name stands in the configuration, for the message
 * @throws ConfigError
 */
export const checkAccountName = (name: string, key: string): void => {
  const problem = problemWith(name)
  if (problem === undefined) return
  throw new ConfigError(key, `the name ${JSON.stringify(name.slice(0, 64))} ${problem}; choose another`)
}
