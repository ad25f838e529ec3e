import type { Instance } from '../instance/instance.ts'
import type { Boot } from './boot.ts'
import { runModule } from './run-modules.ts'

/**
 * Gives the machine the name that the metadata has for it, before the network is configured, so that DHCP sends it.
 * User-data's own name comes later, when the module runs in its place.
 */
export const earlyHostname = async (boot: Boot, instance: Instance): Promise<void> => {
  if (instance.hostname === undefined) return
  const { machine, paths, distro } = boot
  const publishHostKeys = async (): Promise<void> => undefined
  const failure = await runModule(
    {
      machine,
      paths,
      distro,
      instance,
      cloudConfig: boot.config,
      stage: 'init-local',
      progress: boot.progress,
      publishHostKeys,
    },
    { id: 'set_hostname', arguments: [] },
  )
  if (failure !== undefined) machine.log.warning(`the host name can't be set yet: ${failure}`)
}
