import { type Command, isSet, textArgument } from './command.ts'

/**
 * `cloud-id`: the canonical name of the cloud that this machine runs on. Exit codes as cloud-init's: 0 known, 1 error,
 * 2 disabled, 3 not run yet.
 */
export const cloudIdCommand: Command = {
  usage: 'cloud-id',
  summary: 'The canonical name of the cloud that this machine runs on',
  options: {
    json: { alias: 'j', type: 'boolean', describe: 'All standard keys, as JSON' },
    long: { alias: 'l', type: 'boolean', describe: 'The region, too' },
    'instance-data': { alias: 'i', type: 'string', describe: 'Read this file instead of the instance data' },
  },
  run: async (context, args) => {
    const { reportStatus } = await import('../boot/report-status.ts')
    const { answerCloudId } = await import('../instance/cloud-id.ts')
    const { readPaths } = await import('../cloudconfig/read-paths.ts')
    const { consoleLog } = await import('./console-log.ts')
    const { machine } = await context.machine({ isQuiet: true })
    const file = textArgument(args, 'instance-data')
    const question = {
      folder: process.cwd(),
      state: reportStatus(machine).state,
      json: isSet(args, 'json'),
      long: isSet(args, 'long'),
      ...(file !== undefined && { instanceDataFile: file }),
    }
    const answer = answerCloudId(machine, await readPaths(machine), question, consoleLog(context.console))
    if (answer.output !== undefined) context.console.print(answer.output)
    return answer.exitCode
  },
}
