import { hostnamesByMetadata } from '../instance/hostname.ts'
import type { Instance } from '../instance/instance.ts'
import { type CachedInstance, readCachedInstance } from '../instance/instance-cache.ts'
import { instanceFolder } from '../instance/paths.ts'
import { variablesOf } from '../instance/variables.ts'
import { messageOf } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import { takingUpNote } from './become-instance.ts'
import type { Boot } from './boot.ts'
import { datasourceContext, loadDatasource } from './find-instance.ts'

/** As it stands in status.json and the logs: `DataSourceNoCloud [seed=/var/lib/cloud/seed/nocloud]`. */
export const describeDatasource = ({ datasource, data }: CachedInstance): string => {
  const [, how, where] = /^(\S+) \((.*)\)$/s.exec(data.subplatform ?? '') ?? []
  return how === undefined || how === 'metadata' ? `DataSource${datasource}` : `DataSource${datasource} [seed=${where}]`
}

/** The instance as modules see it. */
export const asInstance = (boot: Boot, cached: CachedInstance): Instance => {
  const names = hostnamesByMetadata(cached.data.localHostname)
  const id = cached.data.instanceId
  return {
    id,
    datasource: cached.datasource,
    description: describeDatasource(cached),
    data: cached.data,
    folder: instanceFolder(boot.paths, id),
    isNew: isNewInstance(boot, id),
    // Most modules never ask for them.
    get variables() {
      return templateVariables(boot)
    },
    ...(names && { hostname: names.hostname, fqdn: names.fqdn }),
  }
}

/** Variables for templates, as far as instance-data.json could be written. */
const templateVariables = ({ machine, paths }: Boot): JsonObject => {
  const text = machine.files.readTextIfExists(`${paths.run}/instance-data-sensitive.json`)
  return text === undefined ? {} : variablesOf(text)
}

/** True during the first boot of this instance id, and the next one when that was cut off early. */
export const isNewInstance = ({ machine: { files }, paths }: Boot, id: string): boolean =>
  files.readTextIfExists(`${paths.cloud}/data/previous-instance-id`)?.trim() !== id ||
  files.exists(takingUpNote(paths, id))

/** The instance that an earlier stage of this boot has found; undefined when there was none. */
export const currentInstance = (boot: Boot): CachedInstance | undefined => {
  if (boot.memory.instance) return boot.memory.instance
  const cached = readCachedInstance(boot.machine, boot.paths)
  const id = boot.machine.files.readTextIfExists(`${boot.paths.run}/.instance-id`)?.trim()
  return cached && cached.data.instanceId === id ? cached : undefined
}

/** Sends the SSH host keys to the cloud, where its datasource can. Failing is logged and tolerated. */
export const hostKeyPublisher = (boot: Boot, cached: CachedInstance) => async (keys: readonly string[]) => {
  const datasource = await loadDatasource(cached.datasource)
  if (!datasource?.publishHostKeys) return
  await datasource.publishHostKeys(await datasourceContext(boot, cached.datasource, 'network', cached), keys)
}

/** Finds the block device behind a cloud's own name for a disk. Failing is logged, and as if there were none. */
export const deviceFinder = (boot: Boot, cached: CachedInstance) => async (name: string) => {
  const datasource = await loadDatasource(cached.datasource)
  if (!datasource?.deviceOf) return undefined
  const context = await datasourceContext(boot, cached.datasource, 'network', cached)
  try {
    return datasource.deviceOf(context, cached.data, name)
  } catch (error) {
    context.machine.log.warning(`which disk the cloud calls ${name} is not known: ${messageOf(error)}`)
    return undefined
  }
}
