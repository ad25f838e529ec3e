import { hostnamesOf } from '../instance/hostname.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import { writeCombinedConfig, writeInstanceData } from '../instance/instance-data-file.ts'
import { readSystemFacts } from '../instance/system-facts.ts'
import { messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
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

/** Tells what image and instance say together, now that user-data and vendor-data are known. */
export const publishCombinedConfig = ({ machine, paths }: Boot, combined: JsonObject): void => {
  try {
    writeCombinedConfig(machine, paths, combined)
  } catch (error) {
    machine.log.warning(`combined-cloud-config.json can't be written: ${messageOf(error)}`)
  }
}
