import { hostnamesOf } from '../instance/hostname.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import { writeInstanceData } from '../instance/instance-data-file.ts'
import { readSystemFacts } from '../instance/system-facts.ts'
import { messageOf } from '../machine/errors.ts'
import type { Boot } from './boot.ts'

/** Tells templates, scripts and people what the instance is. */
export const publishInstanceData = async (boot: Boot, cached: CachedInstance): Promise<void> => {
  const { machine, paths } = boot
  const { data, datasource } = cached
  const { architecture } = await boot.platform()
  try {
    writeInstanceData(machine, paths, {
      data,
      datasource,
      hostname: hostnamesOf(machine, data.localHostname).hostname,
      facts: readSystemFacts(machine, architecture),
      systemConfig: boot.config,
    })
  } catch (error) {
    machine.log.warning(`instance-data.json can't be written: ${messageOf(error)}`)
  }
}
