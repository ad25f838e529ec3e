/**
 * growpart and resizefs as a boot runs them, on the machine that this process sees. Bundled, and started in a root of its
 * own. Words: the configuration as JSON; after how many steps (a command, a flush) the power goes (0: never). Prints what
 * happened as JSON.
 */
import growpart from '../../../modules/growpart/index.ts'
import resizefs from '../../../modules/resizefs/index.ts'
import { loadDistro } from '../../../src/distros/index.ts'
import { defaultPaths } from '../../../src/instance/paths.ts'
import { messageOf } from '../../../src/machine/errors.ts'
import { isJsonObject } from '../../../src/machine/json.ts'
import { liveMachine } from '../../../src/machine/live.ts'
import type { LogRecord } from '../../../src/machine/log.ts'
import type { Machine } from '../../../src/machine/machine.ts'

const [configText = '{}', cutText = '0'] = process.argv.slice(2)
const parsed: unknown = JSON.parse(configText)
const config = isJsonObject(parsed) ? parsed : {}
const records: LogRecord[] = []
const commands: string[] = []
const failures: string[] = []
const report = (): void => {
  const log = records.map(({ level, message }) => `${level} ${message}`)
  process.stdout.write(`${JSON.stringify({ log, commands, failures })}\n`)
}

let steps = 0
const step = async <T>(work: Promise<T>): Promise<T> => {
  const result = await work
  steps += 1
  if (steps !== Number(cutText)) return result
  report()
  process.exit(0)
}
const watched = (machine: Machine): Machine => ({
  ...machine,
  disks: { ...machine.disks, flush: (device) => step(machine.disks.flush(device)) },
  run: (argv, options) => {
    commands.push(argv.join(' '))
    return step(machine.run(argv, options))
  },
  ask: (argv, options) => {
    commands.push(`${argv.join(' ')} (asks)`)
    return machine.ask(argv, options)
  },
})

const live = liveMachine({ sinks: [(record) => records.push(record)] })
for (const module of [growpart, resizefs]) {
  const machine = watched(live.as(module.id))
  try {
    await module.run(config, {
      machine,
      distro: await loadDistro('debian', {}, machine),
      instance: {
        id: 'i',
        datasource: 'None',
        data: { instanceId: 'i' },
        folder: '/run/i',
        isNew: true,
        variables: {},
      },
      paths: defaultPaths,
      cloudConfig: config,
      arguments: [],
      afterMark: (work: () => void) => work(),
      publishHostKeys: async () => {},
    })
  } catch (error) {
    failures.push(messageOf(error))
  }
}
report()
