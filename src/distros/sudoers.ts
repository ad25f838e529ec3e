import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

const folder = '/etc/sudoers.d'
const file = `${folder}/90-cloud-init-users`
const header = '# Made by firstlight: rules of the users in the cloud-config.\n'

/** Characters with a meaning in a user list of sudoers(5); a backslash takes it away. */
const escapedName = (name: string): string => name.replaceAll(/[\\,=!()"#%+@&]/g, (character) => `\\${character}`)

const checkRule = (rule: string, key: string): void => {
  if (/[\p{Cc}]/u.test(rule)) throw new ConfigError(key, 'a sudo rule must be one line; write one list item a rule')
  if (rule.trim() === '') throw new ConfigError(key, 'the sudo rule is empty; remove it')
  if (rule.endsWith('\\')) throw new ConfigError(key, 'a sudo rule must not end in a backslash')
}

/** What nearly every image and user-data says; visudo need not be asked. */
const wellKnown = /^ALL=\(ALL(?::ALL)?\) (?:NOPASSWD:\s?)?ALL$/

/** sudo stops working for everybody when one file does not parse, so sudo's own checker is asked first, where it is. */
const checkSyntax = async (machine: Machine, rules: readonly string[], lines: string, key: string): Promise<void> => {
  if (rules.every((rule) => wellKnown.test(rule))) return
  if (machine.which('visudo') === undefined) return
  const answer = await machine.ask(['visudo', '-c', '-f', '-'], {
    input: lines,
    allowedExitCodes: 'any',
    timeoutSeconds: 30,
  })
  if (answer.exitCode === 0) return
  throw new ConfigError(key, `visudo refuses the rule: ${`${answer.stderr}${answer.stdout}`.trim().split('\n', 1)[0]}`)
}

const includesFolder = (sudoers: string): boolean =>
  sudoers.split('\n').some((line) => /^[#@]includedir\s+(.*)$/.exec(line.trim())?.[1]?.replace(/\/+$/, '') === folder)

/** Without the include line in /etc/sudoers nothing in the folder counts. SUSE keeps the original in /usr/etc. */
const ensureFolder = (machine: Machine): void => {
  const own = machine.files.readTextIfExists('/etc/sudoers')
  const sudoers = own ?? machine.files.readTextIfExists('/usr/etc/sudoers') ?? ''
  if (!includesFolder(sudoers)) {
    const separator = sudoers === '' || sudoers.endsWith('\n') ? '' : '\n'
    const options = own === undefined ? { mode: 0o440 } : {}
    machine.files.write(
      '/etc/sudoers',
      `${sudoers}${separator}\n# Added by firstlight\n#includedir ${folder}\n`,
      options,
    )
  }
  machine.files.makeFolder(folder, { mode: 0o750 })
}

/**
 * Lets a user do what `rules` say (each the part of a sudoers line after the user's name) in
 * /etc/sudoers.d/90-cloud-init-users. Rules that stand there already are not added again.
 *
 * @param key where the rules stand in the configuration, for messages
 * @throws ConfigError for a rule that is not one line or that visudo refuses; then none of them is written
 */
export const writeSudoRules = async (
  machine: Machine,
  user: string,
  rules: readonly string[],
  key: string,
): Promise<void> => {
  for (const rule of rules) checkRule(rule, key)
  if (user === 'ALL') throw new ConfigError(key, 'the user name ALL means everybody to sudo; choose another')
  const lines = rules.map((rule) => `${escapedName(user)} ${rule}\n`).join('')
  await checkSyntax(machine, rules, lines, key)
  ensureFolder(machine)
  // An empty one is what a power cut leaves.
  const present = machine.files.readTextIfExists(file) || header
  const block = `\n# User rules for ${user}\n${lines}`
  const content = present.includes(block) ? present : `${present}${block}`
  machine.files.write(file, content, { mode: 0o440 })
}
