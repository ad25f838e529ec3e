import type { StatusReport } from '../boot/report-status.ts'
import type { Machine } from '../machine/machine.ts'
import { type Command, isSet, textArgument } from './command.ts'

/** How often `status --wait` looks. Milliseconds. */
const lookInterval = 250

/** `status`: how far the boot is, and what went wrong. Exit code 0 well, 1 error, 2 recoverable errors. */
export const statusCommand: Command = {
  usage: 'status',
  summary: 'How far the boot is, and what went wrong',
  options: {
    wait: { alias: 'w', type: 'boolean', describe: 'Wait until the boot has finished' },
    long: { alias: 'l', type: 'boolean', describe: 'Everything, for a person' },
    format: { choices: ['tabular', 'json', 'yaml'], default: 'tabular', describe: 'Everything, for a program' },
  },
  run: async (context, args) => {
    const { reportStatus, statusAsData, statusExitCode } = await import('../boot/report-status.ts')
    const { machine } = await context.machine()
    const report = isSet(args, 'wait')
      ? await waitForEnd(
          machine,
          () => reportStatus(machine),
          () => context.console.isTerminal && process.stdout.write('.'),
        )
      : reportStatus(machine)
    const format = textArgument(args, 'format')
    if (format === 'json') context.console.print(JSON.stringify(statusAsData(report), null, 2))
    else if (format === 'yaml')
      context.console.print((await import('../cloudconfig/yaml.ts')).dumpYaml(statusAsData(report)).trimEnd())
    else context.console.print(isSet(args, 'long') ? longText(report) : `status: ${report.state}`)
    return statusExitCode(report)
  },
}

/** Waits without a limit of its own, as scripts that use it expect: the stages themselves are bounded. */
const waitForEnd = async (machine: Machine, look: () => StatusReport, tick: () => void): Promise<StatusReport> => {
  let report = look()
  while (report.state === 'running' || report.state === 'not started' || report.extended === 'error - running') {
    await machine.clock.sleep(lookInterval)
    tick()
    report = look()
  }
  return report
}

const longText = (report: StatusReport): string => {
  const list = (title: string, texts: readonly string[]): string[] =>
    texts.length === 0 ? [`${title}: []`] : [`${title}:`, ...texts.map((text) => `\t- ${text}`)]
  const recoverable = Object.entries(report.recoverable).flatMap(([level, texts]) => list(level, texts))
  return [
    `status: ${report.state}`,
    `extended_status: ${report.extended}`,
    `boot_status_code: ${report.bootStatusCode}`,
    ...(report.lastUpdate === '' ? [] : [`last_update: ${report.lastUpdate}`]),
    `detail: ${report.detail}`,
    ...list('errors', report.errors),
    ...(recoverable.length === 0 ? ['recoverable_errors: {}'] : ['recoverable_errors:', ...recoverable]),
  ].join('\n')
}
