import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

const file = '/etc/doas.conf'
const header = '# Made by firstlight: rules of the users in the cloud-config.\n'

/** The identity a rule of doas.conf(5) is about: `permit [options] identity ...`; undefined when it is no rule. */
const identityOf = (rule: string): string | undefined => {
  const [action, ...words] = rule
    .replace(/setenv\s*\{[^}]*\}/, 'setenv')
    .trim()
    .split(/\s+/)
  if (action !== 'permit' && action !== 'deny') return undefined
  const options = new Set(['nopass', 'nolog', 'persist', 'keepenv', 'setenv'])
  return words.find((word) => !options.has(word))
}

/**
 * Writes doas rules for a user into /etc/doas.conf. Rules that stand there already are not added again.
 *
 * @throws ConfigError for a rule that is not about this user; then none of them is written
 */
export const writeDoasRules = (machine: Machine, user: string, rules: readonly string[], key: string): void => {
  for (const rule of rules) {
    const isOneLine = !/[\p{Cc}]/u.test(rule)
    if (isOneLine && identityOf(rule) === user && !rule.endsWith('\\')) continue
    throw new ConfigError(
      key,
      `${JSON.stringify(rule)} is not a doas rule for ${user}; no doas rule of this user is written`,
    )
  }
  // An empty one is what a power cut leaves.
  const present = machine.files.readTextIfExists(file) || undefined
  const block = `\n# User rules for ${user}\n${rules.map((rule) => `${rule}\n`).join('')}`
  if (present?.includes(block)) return
  machine.files.write(file, `${present ?? header}${block}`, present === undefined ? { mode: 0o440 } : {})
}
