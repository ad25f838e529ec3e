import { datasources } from '../../datasources/index.ts'
import { type CachedInstance, readCachedInstance } from '../instance/instance-cache.ts'
import { instanceLink, type Paths } from '../instance/paths.ts'
import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, objectAt, textAt } from '../machine/json.ts'
import type { Datasource, DatasourceContext, DatasourceStage } from '../platform/datasource.ts'
import { type FoundDatasource, findDatasource } from '../platform/find-datasource.ts'
import type { Boot } from './boot.ts'
import { sayOnce } from './findings.ts'

/**
 * Finds out which instance this machine is.
 *
 * A cached instance is taken without asking anybody when an earlier stage of this boot wrote it, when the configuration
 * says `manual_cache_clean`, or when the datasource's own cheap check says that it is still this machine's.
 * @returns undefined when no datasource of the list answers in this stage.
 */
export const findInstance = async (boot: Boot, stage: DatasourceStage): Promise<CachedInstance | undefined> => {
  const cached = readCachedInstance(boot.machine, boot.paths)
  if (cached && (await isTrusted(boot, stage, cached))) {
    boot.machine.log.debug(`instance ${cached.data.instanceId} of ${cached.datasource} is taken from the cache`)
    return cached
  }
  const ask = () =>
    findDatasource(datasourceList(boot), stage, (id, stageNow) => datasourceContext(boot, id, stageNow, cached))
  const first = await ask()
  const isEnough = isCloud(first) || stage === 'local'
  const found = isEnough ? first : ((await askPatiently(boot, cached, ask)) ?? first)
  if (found) return { datasource: found.datasource.id, data: found.data, machineUuid: await machineUuid(boot) }
  return stage === 'network' ? lastResort(boot, cached) : undefined
}

const isCloud = (found: FoundDatasource | undefined): boolean => found !== undefined && found.datasource.id !== 'None'

/** Between two rounds of questions. Milliseconds. */
const roundMilliseconds = 3000

/** A metadata service may come up later than the machine. One that knows itself already can do without it. */
const askPatiently = async (
  boot: Boot,
  cached: CachedInstance | undefined,
  ask: () => Promise<FoundDatasource | undefined>,
): Promise<FoundDatasource | undefined> => {
  const { clock, log } = boot.machine
  const started = clock.monotonic()
  const seconds = (await isKnown(boot, cached)) ? 0 : await patienceSeconds(boot, cached)
  if (seconds > 0) log.info(`the metadata service is asked again for up to ${seconds} s`)
  while (clock.monotonic() - started < seconds * 1000) {
    await clock.sleep(roundMilliseconds)
    const found = await ask()
    if (isCloud(found)) return found
  }
  return undefined
}

/** Of the datasources whose cloud this is, the longest that one waits; 0 where the user has said how long. */
const patienceSeconds = async (boot: Boot, cached: CachedInstance | undefined): Promise<number> => {
  const waits = datasourceList(boot).map(async (id) => {
    const datasource = await loadDatasource(id)
    if (datasource?.patienceSeconds === undefined) return 0
    const context = await datasourceContext(boot, id, 'network', cached)
    return context.settings['max_wait'] === undefined && (await datasource.detect(context))
      ? datasource.patienceSeconds
      : 0
  })
  return Math.max(0, ...(await Promise.all(waits)))
}

/** The datasources to try, in order. An explicit list in the configuration wins over all that are known. */
export const datasourceList = (boot: Boot): string[] => {
  const list = boot.config['datasource_list']
  const names = Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string') : undefined
  return names ?? Object.keys(datasources)
}

export const datasourceContext = async (
  boot: Boot,
  id: string,
  stage: DatasourceStage,
  cached: CachedInstance | undefined,
): Promise<DatasourceContext> => {
  const defaultUser = textAt(objectAt(boot.distro.systemInfo, 'default_user'), 'name')
  const machine = boot.machine.as(`datasource:${id}`)
  return {
    // The same question is asked through several links, and in two stages.
    machine: { ...machine, log: sayOnce(boot, machine.log) },
    platform: await boot.platform(),
    stage,
    settings: settingsOf(boot, id),
    config: boot.config,
    paths: boot.paths,
    distro: boot.distro.id,
    defaultUser,
    renderer: boot.renderer(),
    ...(cached && { previousInstanceId: cached.data.instanceId }),
  }
}

const settingsOf = (boot: Boot, id: string) => objectAt(objectAt(boot.config, 'datasource'), id)

/** Loads a datasource by its name in datasource_list; undefined when firstlight has none of that name. */
export const loadDatasource = async (id: string): Promise<Datasource | undefined> => datasources[id]?.()

/** Present while `manual_cache_clean` holds. */
export const manualCleanMark = (paths: Paths): string => `${instanceLink(paths)}/manual-clean`

const isTrusted = async (boot: Boot, stage: DatasourceStage, cached: CachedInstance): Promise<boolean> => {
  const { machine, paths, config } = boot
  if (machine.files.readTextIfExists(`${paths.run}/.instance-id`)?.trim() === cached.data.instanceId) return true
  if (isTrue(config['manual_cache_clean']) || machine.files.exists(manualCleanMark(paths))) return true
  const datasource = await loadDatasource(cached.datasource)
  if (!datasource?.checkInstanceId || !datasourceList(boot).includes(cached.datasource)) return false
  const context = await datasourceContext(boot, cached.datasource, stage, cached)
  try {
    return datasource.checkInstanceId(context, cached.data.instanceId)
  } catch (error) {
    machine.log.warning(`${cached.datasource} can't check its instance id and is asked again: ${messageOf(error)}`)
    return false
  }
}

const isTrue = (value: Json | undefined): boolean => value === true

/** The system UUID, by which a machine knows itself when its metadata service is silent. */
export const machineUuid = async (boot: Boot): Promise<string> => (await boot.platform()).dmi.productUuid.toLowerCase()

const isKnown = async (boot: Boot, cached: CachedInstance | undefined): Promise<boolean> => {
  const uuid = await machineUuid(boot)
  return cached !== undefined && cached.datasource !== 'None' && uuid !== '' && cached.machineUuid === uuid
}

/**
 * Nobody answered. A machine that knows itself by its system UUID stays the instance it was: a metadata service that is
 * down for a while must not make it a new one. Any other becomes an instance without a cloud, so that the default user,
 * the keys of the image and sshd are there.
 */
const lastResort = async (boot: Boot, cached: CachedInstance | undefined): Promise<CachedInstance | undefined> => {
  const uuid = await machineUuid(boot)
  if (cached && (await isKnown(boot, cached))) {
    boot.machine.log.warning(
      `no datasource answered; this is still machine ${uuid}, so instance ${cached.data.instanceId} is kept as it was`,
    )
    return cached
  }
  boot.machine.log.warning(
    `no datasource of [${datasourceList(boot).join(', ')}] answered; going on without one, with the image's own configuration`,
  )
  const none = await loadDatasource('None')
  const data = await none?.fetch(await datasourceContext(boot, 'None', 'network', cached))
  return data && { datasource: 'None', data, machineUuid: uuid }
}

/** The configuration that a datasource adds, or an empty one. */
export const datasourceConfig = (cached: CachedInstance) => (isJsonObject(cached.data.config) ? cached.data.config : {})
