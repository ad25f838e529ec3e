import { hotplugMark, isHotplugMarked, networkEvents } from '../cloudconfig/update-events.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import type { Boot } from './boot.ts'
import { effectiveConfig } from './effective-config.ts'
import { currentInstance } from './load-instance.ts'
import { runSingle } from './run-single.ts'

/** Whether network interfaces are configured that come and go while this instance runs. */
export const isHotplugEnabled = async (boot: Boot, instance: CachedInstance): Promise<boolean> => {
  const { cloudConfig } = await effectiveConfig(boot, instance)
  return networkEvents(boot.machine, boot.paths, cloudConfig, instance.data).has('hotplug')
}

/**
 * Enables it for this machine from now on, and tells udev.
 * @returns a line for each failure
 */
export const enableHotplug = async (boot: Boot): Promise<string[]> => {
  const { machine, paths } = boot
  if (currentInstance(boot) === undefined) return ['there is no instance yet: run a boot first']
  if (!isHotplugMarked(machine, paths))
    machine.files.write(hotplugMark(paths), `${JSON.stringify({ scopes: ['network'] })}\n`, { mode: 0o640 })
  return runSingle(boot, 'install_hotplug', 'always', [])
}
