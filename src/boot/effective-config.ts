import { effectiveConfig as mergeEffective } from '../cloudconfig/load.ts'
import type { Distro } from '../distros/distro.ts'
import { loadDistro } from '../distros/index.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import { instanceFolder } from '../instance/paths.ts'
import { type JsonObject, textAt } from '../machine/json.ts'
import type { Boot } from './boot.ts'
import { sayOnce } from './findings.ts'

/** What the modules of a stage work with. */
export interface StageConfig {
  readonly cloudConfig: JsonObject
  /** The same with all of system_info, for those who ask what the configuration is. */
  readonly combined: JsonObject
  /** As system_info says it, user-data included. */
  readonly distro: Distro
}

/** The configuration of image, datasource, vendor-data and user-data together, as far as the instance has them by now. */
export const effectiveConfig = async (boot: Boot, cached: CachedInstance): Promise<StageConfig> => {
  const { machine, paths, base, extraFiles } = boot
  const reader = { ...machine, log: sayOnce(boot, machine.log) }
  const effective = await mergeEffective(reader, base, instanceFolder(paths, cached.data.instanceId), {
    extraFiles,
    ...(cached.data.config && { datasource: cached.data.config }),
  })
  const id = textAt(effective.systemInfo, 'distro') ?? boot.distro.id
  return {
    cloudConfig: effective.config,
    combined: effective.combined,
    distro: await loadDistro(id, effective.systemInfo, machine),
  }
}
