import { type Command, textArgument } from './command.ts'

/** `render`: a jinja template filled in with this machine's instance data, as it would be as user-data. */
export const renderCommand: Command = {
  usage: 'render <file>',
  summary: 'Fill in a template with the instance data',
  positionals: { file: { type: 'string', describe: 'The template' } },
  options: { 'instance-data': { alias: 'i', type: 'string', describe: 'Read this file instead of the instance data' } },
  run: async (context, args) => {
    const { renderFile } = await import('../template/render-file.ts')
    const { readPaths } = await import('../cloudconfig/read-paths.ts')
    const { consoleLog } = await import('./console-log.ts')
    const { machine } = await context.machine({ isQuiet: true })
    const instanceDataFile = textArgument(args, 'instance-data')
    const question = {
      folder: process.cwd(),
      file: textArgument(args, 'file') ?? '',
      ...(instanceDataFile !== undefined && { instanceDataFile }),
    }
    const rendered = renderFile(machine, await readPaths(machine), question, consoleLog(context.console))
    if (rendered === undefined) return 1
    context.console.print(rendered.replace(/\n$/, ''))
    return 0
  },
}
