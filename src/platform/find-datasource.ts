import { datasources } from '../../datasources/index.ts'
import type { InstanceData } from '../instance/instance-data.ts'
import { DatasourceError, messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Datasource, DatasourceContext, DatasourceStage } from './datasource.ts'

export interface FoundDatasource {
  readonly datasource: Datasource
  readonly data: InstanceData
}

/** Makes the context in which a datasource works, by its id. */
export type ContextFor = (id: string, stage: DatasourceStage) => DatasourceContext | Promise<DatasourceContext>

/**
 * The id by which firstlight knows a datasource that a configuration or a kernel command line names in any case;
 * undefined when there is none. `nocloud-net` is an old name of NoCloud.
 */
export const datasourceId = (name: string): string | undefined => {
  const wanted = name.toLowerCase().replace(/^nocloud-net$/, 'nocloud')
  return Object.keys(datasources).find((id) => id.toLowerCase() === wanted)
}

/**
 * Tries datasources in order, in one stage, until one has the instance's data. A datasource that fails, whatever it
 * throws, is logged and counts as not found; every wait of a datasource has its own limit.
 * @param names as in datasource_list
 */
export const findDatasource = async (
  names: readonly string[],
  stage: DatasourceStage,
  contextFor: ContextFor,
): Promise<FoundDatasource | undefined> => {
  const tried = new Set<string>()
  for (const name of names) {
    const id = datasourceId(name)
    if (id === undefined || tried.has(id)) continue
    tried.add(id)
    const later = names.slice(names.indexOf(name) + 1)
    const found = await tryDatasource(id, stage, contextFor, later)
    if (found) return found
  }
  return undefined
}

const tryDatasource = async (
  id: string,
  stage: DatasourceStage,
  contextFor: ContextFor,
  later: readonly string[],
): Promise<FoundDatasource | undefined> => {
  const datasource = await datasources[id]?.()
  if (!datasource?.stages.includes(stage)) return undefined
  const context = await contextFor(id, stage)
  const { log } = context.machine
  try {
    if (!isForced(id, context) && !(await datasource.detect(context))) {
      log.debug(`${id}: this is not its cloud`)
      return undefined
    }
    const data = await datasource.fetch(context)
    if (data && !isPlausibleId(data.instanceId)) {
      throw new DatasourceError(id, 'what it calls the instance id is none (an error page?)')
    }
    if (data) {
      const others = later.filter((name) => name !== 'None')
      if (others.length > 0)
        log.debug(`${id} is this machine's datasource; not asked, as later in datasource_list: ${others.join(', ')}`)
      return { datasource, data }
    }
    log.info(`${id}: nothing found in the ${stage} stage`)
  } catch (error) {
    const said = messageOf(error)
    const named = said.startsWith(`${id}:`) ? said : `${id}: ${said}`
    log.warning(`${named}; going on without it. Check that the cloud's metadata is reachable and complete`)
  }
  return undefined
}

/** An id is one line of moderate length: anything else is a page of whoever answered in the cloud's place. */
const isPlausibleId = (instanceId: string): boolean =>
  instanceId.length <= 255 && !/[\p{Cc}<>]/u.test(instanceId.trim())

/** True when the user has decided: the only datasource in the list (perhaps with None), or named to the kernel. */
const isForced = (id: string, { config, platform }: DatasourceContext): boolean =>
  isOnlyChoice(id, config) || namedByKernel(platform.cmdline)?.toLowerCase() === id.toLowerCase()

const isOnlyChoice = (id: string, config: JsonObject): boolean => {
  const list = config['datasource_list']
  if (!Array.isArray(list) || list[0] !== id) return false
  return list.length === 1 || (list.length === 2 && list[1] === 'None')
}

/** `ds=NAME`, `ci.ds=NAME` or `ci.datasource=NAME`, up to the first semicolon. */
const namedByKernel = (cmdline: string): string | undefined =>
  /(?:^|\s)(?:ds|ci\.ds|ci\.datasource)=([^\s;]+)/.exec(cmdline)?.[1]
