import { type Command, isSet, textArgument } from './command.ts'

/** `schema`: is this file, or what this machine was given, good configuration? Exit code 1 when it is not. */
export const schemaCommand: Command = {
  usage: 'schema',
  summary: 'Check a configuration file, or what this machine was given',
  options: {
    'config-file': { alias: 'c', type: 'string', describe: 'The file to check' },
    'schema-type': {
      alias: ['t', 'type'],
      choices: ['cloud-config', 'network-config'],
      default: 'cloud-config',
      describe: 'What the file is',
    },
    'instance-data': { alias: 'i', type: 'string', describe: 'Render a template with this instance data' },
    system: { type: 'boolean', describe: 'Check what this machine was given' },
    export: { type: 'boolean', describe: 'Print the JSON schema of a cloud-config, for editors' },
    annotate: { type: 'boolean', describe: 'Show the file with a mark on each line that has a fault' },
  },
  run: async (context, args) => {
    if (isSet(args, 'export')) {
      const { editorSchema } = await import('../schema/editor-schema.ts')
      context.console.print(JSON.stringify(await editorSchema(), null, 2))
      return 0
    }
    const { answerSchema } = await import('../schema/schema-command.ts')
    const { readPaths } = await import('../cloudconfig/read-paths.ts')
    const { consoleLog } = await import('./console-log.ts')
    const { machine } = await context.machine({ isQuiet: true })
    const configFile = textArgument(args, 'config-file')
    const instanceDataFile = textArgument(args, 'instance-data')
    const question = {
      folder: process.cwd(),
      system: isSet(args, 'system'),
      annotate: isSet(args, 'annotate'),
      type: args['schema-type'] === 'network-config' ? ('network-config' as const) : ('cloud-config' as const),
      ...(configFile !== undefined && { configFile }),
      ...(instanceDataFile !== undefined && { instanceDataFile }),
    }
    const answer = await answerSchema(machine, await readPaths(machine), question, consoleLog(context.console))
    if (answer.output !== '') context.console.print(answer.output.replace(/\n$/, ''))
    if (answer.errors !== '') context.console.complain(answer.errors.replace(/\n+$/, ''))
    for (const hint of answer.hints) context.console.complain(`Hint: ${hint}`)
    return answer.exitCode
  },
}
