import type { CachedInstance } from '../instance/instance-cache.ts'
import type { Boot } from './boot.ts'
import { effectiveConfig } from './effective-config.ts'
import { sayOnce } from './findings.ts'
import { asInstance } from './load-instance.ts'
import { runModule } from './run-modules.ts'
import { pendingMarks } from './semaphores.ts'

/**
 * Gives the machine its name before the network is configured, so that DHCP sends it: by the metadata, or by what the
 * user-data of an earlier boot said. New user-data's own name comes later, when the module runs in its place.
 */
export const earlyHostname = async (boot: Boot, cached: CachedInstance): Promise<void> => {
  const { machine, paths, progress } = boot
  const instance = asInstance(boot, cached)
  if (instance.hostname === undefined) return
  const { cloudConfig, distro } = await effectiveConfig(boot, cached)
  const publishHostKeys = async (): Promise<void> => undefined
  const failure = await runModule(
    {
      machine,
      paths,
      distro,
      instance,
      cloudConfig,
      stage: 'init-local',
      progress,
      once: (log) => sayOnce(boot, log),
      publishHostKeys,
      marks: pendingMarks(machine, paths),
    },
    { id: 'set_hostname', arguments: [] },
  )
  // set_hostname itself tells in its place what is wrong.
  if (failure !== undefined) machine.log.debug(`the host name can't be set yet: ${failure}`)
}
