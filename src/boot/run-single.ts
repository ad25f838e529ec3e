import type { Frequency } from '../cloudconfig/module.ts'
import type { Log } from '../machine/log.ts'
import type { Boot } from './boot.ts'
import { effectiveConfig } from './effective-config.ts'
import { sayOnce, tellFindings } from './findings.ts'
import { asInstance, currentInstance, deviceFinder, hostKeyPublisher } from './load-instance.ts'
import { parseModuleEntry, readModuleList } from './module-list.ts'
import { runModules } from './run-modules.ts'
import { pendingMarks } from './semaphores.ts'

const lists = ['cloud_init_modules', 'cloud_config_modules', 'cloud_final_modules']

/**
 * Runs one module by hand, with the configuration of the present instance. Its frequency is that of the command line,
 * else that of the module lists, else its own.
 * @returns a line per failure.
 */
export const runSingle = async (
  boot: Boot,
  name: string,
  frequency: Frequency | undefined,
  words: readonly string[],
): Promise<string[]> => {
  tellFindings(boot)
  const cached = currentInstance(boot)
  if (!cached) return ['there is no instance yet: run a boot first']
  const entry = parseModuleEntry(name)
  if (!entry) return ['--name: name a module']
  const { cloudConfig, distro } = await effectiveConfig(boot, cached)
  const listed = lists
    .flatMap((list) => readModuleList(cloudConfig, list, boot.machine.log))
    .find(({ id }) => id === entry.id)
  const chosen = frequency ?? listed?.frequency
  const run = {
    machine: boot.machine,
    paths: boot.paths,
    distro,
    instance: asInstance(boot, cached),
    cloudConfig,
    stage: 'single',
    progress: boot.progress,
    once: (log: Log) => sayOnce(boot, log),
    publishHostKeys: hostKeyPublisher(boot, cached),
    cloudDevice: deviceFinder(boot, cached),
    marks: pendingMarks(boot.machine, boot.paths),
  }
  return runModules(run, [{ id: entry.id, arguments: words, ...(chosen && { frequency: chosen }) }])
}
