import type { Argv } from 'yargs'
import yargs from 'yargs'
import { version } from '../machine/version.ts'
import type { Arguments, Command, CommandContext } from './command.ts'
import { commands } from './commands.ts'
import { processConsole } from './console.ts'
import { openHere, openMachine } from './open-machine.ts'

/** A command line that can't be understood: cloud-init's exit code for it. */
const usageError = 2

const configure = (parser: Argv, command: Command): Argv => {
  let configured = parser
  for (const [name, options] of Object.entries(command.positionals ?? {}))
    configured = configured.positional(name, options)
  return configured.options(command.options ?? {})
}

/** cloud-init has some commands under `devel`: `cloud-init devel make-mime`. */
const withoutDevel = (words: readonly string[]): string[] => {
  const first = words.findIndex((word) => !word.startsWith('-'))
  return words.filter((word, index) => index !== first || word !== 'devel' || words.length === first + 1)
}

/** Short words that a command has for itself, in their long form. */
const spelledOut = (words: readonly string[]): string[] => {
  const command = commands.find(({ usage }) => words.includes(usage.split(' ', 1)[0] ?? ''))
  return words.map((word) => command?.shortWords?.[word] ?? word)
}

/**
 * Parses a command line with yargs and runs the command.
 * @param program the name firstlight was called by: as `cloud-id` it is that one command
 * @returns the exit code
 */
export const runCommandLine = async (program: string, words: readonly string[]): Promise<number> => {
  const console = processConsole()
  let exitCode = 0
  const parser = yargs([...(program === 'cloud-id' ? ['cloud-id'] : []), ...spelledOut(withoutDevel(words))])
    .scriptName(program)
    .usage('$0 <command> [options]')
    .option('root', {
      type: 'string',
      describe: 'Work on the machine whose root folder this is',
      default: '/',
      global: true,
    })
    .option('debug', { alias: 'd', type: 'boolean', describe: 'Show the whole log on standard error', global: true })
    .option('force', { type: 'boolean', describe: 'Accepted for compatibility', global: true, hidden: true })
    .version(`${program} ${version}`)
    .help()
    .alias('help', 'h')
    .strictCommands()
    .strict()
    .demandCommand(1, 'Name a command.')
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message.trim().replaceAll(/\s*\n\s*/g, ' '))
    })
  for (const command of commands) {
    parser.command({
      command: command.usage,
      // false keeps a command out of the help.
      describe: command.isHidden === true ? false : command.summary,
      builder: (argv: Argv) => configure(argv, command),
      handler: async (args: Arguments) => {
        const context: CommandContext = {
          console,
          machine: (options) => openMachine({ root: String(args['root']), debug: args['debug'] === true, ...options }),
          here: openHere,
        }
        exitCode = await command.run(context, args)
      },
    })
  }
  try {
    await parser.parseAsync()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.complain(`${program}: ${error.message} See '${program} --help'.`)
    return usageError
  }
  return exitCode
}

class UsageError extends Error {}
