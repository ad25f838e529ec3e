import type { ExplainedConfig } from '../boot/explain-config.ts'
import { type Arguments, type Command, type CommandContext, isSet, textArgument } from './command.ts'
import { readInputFile } from './input-file.ts'

/** `why`: which layer set a key, and which ones it overrode. Exit code 1 when nothing sets it, 2 when it is no key. */
export const whyCommand: Command = {
  usage: 'why [key]',
  summary: 'Which file or part set a key of the configuration, and what it overrode',
  positionals: { key: { type: 'string', describe: 'A key: hostname, users[1].shell' } },
  options: {
    all: { alias: 'a', type: 'boolean', describe: 'The whole configuration, each line with its source' },
    'user-data': { alias: 'u', type: 'string', describe: 'User-data, instead of what the machine was given' },
    'vendor-data': { type: 'string', describe: 'Vendor-data, instead of what the machine was given' },
    json: { type: 'boolean', describe: 'As data' },
  },
  run: async (context, args) => {
    const { console } = context
    const key = textArgument(args, 'key')
    if (key !== undefined) return answerKey(context, args, key)
    if (!isSet(args, 'all')) {
      console.complain('Name a key, such as hostname or users[0].name, or say --all.')
      return 2
    }
    const explained = await explain(context, args)
    if (isSet(args, 'json')) {
      const { configAsData } = await import('./why-data.ts')
      console.print(JSON.stringify(configAsData(explained), null, 2))
      return 0
    }
    const { printConfig, printNotes } = await import('./print-why.ts')
    printConfig(console, explained.config)
    printNotes(console, explained.notes)
    return 0
  },
}

const answerKey = async (context: CommandContext, args: Arguments, key: string): Promise<number> => {
  const { console } = context
  const { parseKeyPath } = await import('../cloudconfig/key-path.ts')
  const { explainKey } = await import('../cloudconfig/why.ts')
  const { printAnswer, printMissing, printNotes } = await import('./print-why.ts')
  const path = parseKeyPath(key)
  if (!path) {
    console.complain(`'${key}' is no key: write one such as users[1].shell`)
    return 2
  }
  const { config, notes } = await explain(context, args)
  const answer = explainKey(config, path)
  if ('missing' in answer) {
    printMissing(console, answer.missing, config)
    printNotes(console, notes)
    return 1
  }
  if (isSet(args, 'json')) {
    const { answerAsData } = await import('./why-data.ts')
    console.print(JSON.stringify(answerAsData(answer, notes), null, 2))
    return 0
  }
  printAnswer(console, answer)
  printNotes(console, notes)
  return 0
}

const explain = async (context: CommandContext, args: Arguments): Promise<ExplainedConfig> => {
  const { explainConfig } = await import('../boot/explain-config.ts')
  const { shippedConfig } = await import('./open-machine.ts')
  const { machine, records } = await context.machine({ isQuiet: true })
  const [userData, vendorData] = await Promise.all(
    ['user-data', 'vendor-data'].map((name) => readInputFile(context, textArgument(args, name))),
  )
  const shipped = shippedConfig()
  return explainConfig(machine, records, {
    ...(userData && { userData }),
    ...(vendorData && { vendorData }),
    ...(shipped !== undefined && { shippedConfig: shipped }),
  })
}
