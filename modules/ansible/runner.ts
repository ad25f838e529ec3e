import type { Account } from '../../src/distros/distro.ts'
import type { CommandResult, Machine } from '../../src/machine/machine.ts'
import { scriptTimeoutSeconds } from '../../src/machine/run-parts.ts'
import { quoteWord } from '../../src/machine/shell-script.ts'

/** Who runs Ansible, and with which configuration. */
export interface Runner {
  /** undefined: root. */
  readonly user: Account | undefined
  /** File of Ansible's configuration. */
  readonly configFile: string | undefined
}

interface RunOptions {
  readonly cwd?: string
  /** True: it only asks, its output is handed over. */
  readonly asks?: boolean
}

/** Runs a command as the runner's user, in a login of its own. @throws CommandError */
export const runAs = async (
  machine: Machine,
  runner: Runner,
  argv: readonly string[],
  { cwd, asks = false }: RunOptions = {},
): Promise<CommandResult> => {
  const own = runner.user === undefined ? asRoot(machine, runner) : undefined
  const words = runner.user === undefined ? argv : loginArgv(runner.user.name, runner, argv, cwd)
  const options = { timeoutSeconds: scriptTimeoutSeconds, ...(own && { env: own, ...(cwd && { cwd }) }) }
  return asks
    ? machine.ask(words, { ...options, allowedExitCodes: 'any' })
    : machine.run(words, { ...options, output: 'pass' })
}

/** Some modules of Ansible read HOME, which a boot does not set. */
const asRoot = (machine: Machine, { configFile }: Runner): Record<string, string> => ({
  HOME: machine.environment['HOME'] ?? '/root',
  ...(configFile !== undefined && { ANSIBLE_CONFIG: configFile }),
})

/** pip puts a user's commands into ~/.local/bin, which not every login has in its PATH. */
const loginArgv = (
  user: string,
  { configFile }: Runner,
  argv: readonly string[],
  cwd: string | undefined,
): readonly string[] => {
  const settings = configFile === undefined ? '' : `ANSIBLE_CONFIG=${quoteWord(configFile)} `
  const line = `env PATH="$PATH:$HOME/.local/bin" ${settings}${argv.map(quoteWord).join(' ')}`
  return ['su', '-', user, '-c', cwd === undefined ? line : `cd ${quoteWord(cwd)} && ${line}`]
}
