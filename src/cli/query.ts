import { type Command, isSet, textArgument } from './command.ts'

/** `query`: what is known about the instance. Exit code 1 when it is not known. */
export const queryCommand: Command = {
  usage: 'query [varname]',
  summary: 'What is known about the instance',
  positionals: {
    varname: { type: 'string', describe: 'A key, with dots between levels: v1.local_hostname, ds.meta_data' },
  },
  options: {
    all: { alias: 'a', type: 'boolean', describe: 'Everything' },
    format: { alias: 'f', type: 'string', describe: 'A jinja template to fill in' },
    'list-keys': { alias: 'l', type: 'boolean', describe: 'Names of the keys instead of values' },
    'instance-data': { alias: 'i', type: 'string', describe: 'Read this file instead of the instance data' },
    'user-data': { alias: 'u', type: 'string', describe: 'Read this file instead of the user-data' },
    'vendor-data': { type: 'string', describe: 'Read this file instead of the vendor-data' },
  },
  run: async (context, args) => {
    const { answerQuery } = await import('../instance/query.ts')
    const { readPaths } = await import('../cloudconfig/read-paths.ts')
    const { consoleLog } = await import('./console-log.ts')
    const { machine } = await context.machine({ isQuiet: true })
    const text = (key: string, name: string) => {
      const value = textArgument(args, name)
      return value === undefined ? {} : { [key]: value }
    }
    const query = {
      folder: process.cwd(),
      all: isSet(args, 'all'),
      listKeys: isSet(args, 'list-keys'),
      ...text('name', 'varname'),
      ...text('format', 'format'),
      ...text('instanceDataFile', 'instance-data'),
      ...text('userDataFile', 'user-data'),
      ...text('vendorDataFile', 'vendor-data'),
    }
    const answer = await answerQuery(machine, await readPaths(machine), query, consoleLog(context.console))
    if (answer.output !== undefined) context.console.print(answer.output)
    if (answer.showsHelp) context.console.print(usage)
    return answer.exitCode
  },
}

const usage = 'usage: query [-h] [-i FILE] [-l] [-u FILE] [--vendor-data FILE] [-a] [-f TEMPLATE] [varname]'
