import { type CachedInstance, writeCachedInstance } from '../instance/instance-cache.ts'
import type { InstanceData } from '../instance/instance-data.ts'
import { messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Datasource, DatasourceStage } from '../platform/datasource.ts'
import type { Boot } from './boot.ts'
import { chooseNetworkConfig, noteNetworkConfig } from './configure-network.ts'
import { datasourceContext, loadDatasource } from './find-instance.ts'
import { publishInstanceData } from './publish-instance-data.ts'

/** What the network of this machine is to be now, and who says so. */
export type NetworkAnswer =
  | { readonly kind: 'config'; readonly source: string; readonly config: JsonObject; readonly instance: CachedInstance }
  /** Nobody will say: asking again is of no use. */
  | { readonly kind: 'nothing'; readonly source: string; readonly reason: string }
  /** Not now: asking again may help. */
  | { readonly kind: 'later'; readonly source: string; readonly reason: string }

/**
 * Asks what the network is to be. By the same order as at a boot (docs/network.md, "Who decides"): where the image or the
 * kernel command line decide, the datasource is not asked. Nothing is kept: see `keepAnswer`.
 */
export const askNetwork = async (boot: Boot, known: CachedInstance): Promise<NetworkAnswer> => {
  const source = known.datasource
  const decided = await knownNetwork(boot, known)
  if (decided.source !== source) return decided
  const datasource = await loadDatasource(source)
  if (datasource === undefined) return { kind: 'nothing', source, reason: `there is no datasource ${source}` }
  const fresh = await fetchFresh(boot, known, datasource)
  if (typeof fresh === 'string') return { kind: 'later', source, reason: fresh }
  const answer = await knownNetwork(boot, { ...known, data: fresh })
  // What never said anything will not begin now; what did may be in the middle of a change.
  return answer.kind === 'later' && known.data.networkConfig === undefined ? { ...answer, kind: 'nothing' } : answer
}

/** The same without asking the datasource: by what it said last. */
export const knownNetwork = async (boot: Boot, instance: CachedInstance): Promise<NetworkAnswer> => {
  const chosen = await chooseNetworkConfig(boot, instance)
  // The fallback, DHCP on one interface, is for machines of which nothing is known, and for boots.
  if (chosen === undefined || chosen.source === 'fallback') {
    const source = instance.datasource
    return { kind: 'later', source, reason: `${source} says nothing about the network that can be used` }
  }
  const source = chosen.source === 'ds' ? instance.datasource : (sourceNames[chosen.source] ?? chosen.source)
  return chosen.config === undefined
    ? { kind: 'nothing', source, reason: `${source} says that the network is not to be configured` }
    : { kind: 'config', source, config: chosen.config, instance }
}

/** For people. */
const sourceNames: Readonly<Record<string, string>> = {
  cmdline: 'the kernel command line',
  initramfs: 'the initramfs',
  system_cfg: "the image's own configuration",
}

/** The datasource's word now; a text says why there is none. */
const fetchFresh = async (
  boot: Boot,
  known: CachedInstance,
  datasource: Datasource,
): Promise<InstanceData | string> => {
  const context = await datasourceContext(boot, known.datasource, stageFor(datasource, known.data), known)
  try {
    const data = await datasource.fetch(context)
    if (data === undefined) return `${known.datasource} does not answer`
    return data.instanceId === known.data.instanceId
      ? data
      : `${known.datasource} speaks of another instance, ${data.instanceId}`
  } catch (error) {
    return messageOf(error)
  }
}

/** The network is up, and no lease is needed; but seeds on disks and in folders are read in the local stage. */
const stageFor = ({ stages }: Datasource, { subplatform = '' }: InstanceData): DatasourceStage =>
  stages.includes('network') && (!stages.includes('local') || /^metadata |https?:/.test(subplatform))
    ? 'network'
    : 'local'

/** Keeps what the datasource said, now that the network is as it says. */
export const keepAnswer = async (boot: Boot, instance: CachedInstance, config: JsonObject): Promise<void> => {
  writeCachedInstance(boot.machine, boot.paths, instance)
  boot.memory.instance = instance
  noteNetworkConfig(boot, instance, config)
  await publishInstanceData(boot, instance)
}
