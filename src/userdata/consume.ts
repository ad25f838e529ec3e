import { type BaseConfig, effectiveConfig, vendorSettings } from '../cloudconfig/load.ts'
import type { InstanceData } from '../instance/instance-data.ts'
import { instanceFolder, type Paths } from '../instance/paths.ts'
import { bytesOfText } from '../machine/bytes.ts'
import { isJsonObject, type Json } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { ConfigPart } from './cloud-config-parts.ts'
import { deliverParts } from './deliver.ts'
import type { Delivery, PartHandler } from './delivery.ts'
import { type UserDataLimits, userDataLimitsOf } from './limits.ts'
import { partsForLaunchIndex, readParts } from './read-parts.ts'

export interface ConsumeOptions {
  readonly paths: Paths
  readonly data: InstanceData
  readonly base: BaseConfig
  /** First boot of this instance. */
  readonly isNew: boolean
  /** Default: those of the image's configuration. */
  readonly limits?: UserDataLimits
  /** Is told the cloud-config parts of each source, for `why`. */
  onConfigParts?(source: UserDataSource, parts: readonly ConfigPart[]): void
}

/**
 * Takes user-data, vendor-data and vendor-data2 apart and puts each part where it belongs in the instance's folder;
 * boothooks are run. User-data comes first, because it may turn vendor-data off. Needs instance-data-sensitive.json for
 * templates. Everything that can't be used is reported, nothing is thrown but errors of writing.
 */
export const consumeUserData = async (machine: Machine, options: ConsumeOptions): Promise<void> => {
  const { data, paths, base } = options
  const datasource = data.config
  const layers = datasource ? { datasource } : {}
  const folder = instanceFolder(paths, data.instanceId)
  const handlers = new Map<string, PartHandler>()
  storeRaw(machine, folder, data)
  const isAllowed = !isFalse(base.config['allow_userdata'])
  if (!isAllowed) machine.log.debug('user-data is left out: the configuration has allow_userdata: false')
  const userData = data.userData && isAllowed ? [data.userData] : []
  await consumeOne(machine, options, handlers, 'user-data', userData)
  const { config } = await effectiveConfig(machine, base, folder, layers)
  for (const key of ['vendor_data', 'vendor_data2'] as const) {
    const documents = documentsOf(key === 'vendor_data' ? data.vendorData : data.vendorData2)
    if (documents.length === 0) continue
    const { enabled, excludedTypes } = vendorSettings(config, key, machine.log)
    const source = key === 'vendor_data' ? 'vendor-data' : 'vendor-data2'
    if (!enabled) machine.log.debug(`${source} is left out: the configuration has ${key}: {enabled: false}`)
    else await consumeOne(machine, options, handlers, source, documents, excludedTypes)
  }
}

const isFalse = (value: Json | undefined): boolean =>
  value === false || ['false', '0', 'off', 'no'].includes(String(value).trim().toLowerCase())

export type UserDataSource = 'user-data' | 'vendor-data' | 'vendor-data2'

const configFiles: Readonly<Record<UserDataSource, string>> = {
  'user-data': 'cloud-config.txt',
  'vendor-data': 'vendor-cloud-config.txt',
  'vendor-data2': 'vendor2-cloud-config.txt',
}

const consumeOne = async (
  machine: Machine,
  { paths, data, base, isNew, onConfigParts, ...options }: ConsumeOptions,
  handlers: Map<string, PartHandler>,
  source: UserDataSource,
  documents: readonly Uint8Array[],
  excludedTypes: readonly string[] = [],
): Promise<void> => {
  const folder = instanceFolder(paths, data.instanceId)
  const limits = options.limits ?? userDataLimitsOf(base.config)
  const cacheFolder = `${folder}/data/urlcache`
  const parts = await readParts(machine, documents, { source, cacheFolder, limits })
  const below = source === 'user-data' ? '' : '/vendor'
  const delivery: Delivery = {
    source,
    instanceId: data.instanceId,
    instanceFolder: folder,
    configFile: `${folder}/${configFiles[source]}`,
    scriptFolder: `${folder}/scripts${below}`,
    frequencyFolder: `${paths.cloud}/scripts${below}`,
    variablesFile: `${paths.run}/instance-data-sensitive.json`,
    isFirstBoot: isNew,
    limits,
    excludedTypes,
    events: [],
    handlers,
    onConfigParts: (configs) => onConfigParts?.(source, configs),
  }
  await deliverParts(machine, partsForLaunchIndex(parts, data.launchIndex), delivery)
}

/** What was handed out, as it was: people and tools read it. */
const storeRaw = (machine: Machine, folder: string, data: InstanceData): void => {
  const write = (name: string, content: Uint8Array | undefined): void =>
    machine.files.write(`${folder}/${name}`, content ?? '', { mode: 0o600 })
  write('user-data.txt', data.userData)
  write('vendor-data.txt', rawVendorData(data.vendorData))
  write('vendor-data2.txt', rawVendorData(data.vendorData2))
}

const rawVendorData = (value: Uint8Array | Json | undefined): Uint8Array | undefined => {
  if (value instanceof Uint8Array || value === undefined || value === null) return value ?? undefined
  return bytesOfText(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Vendor-data is one document, or a list of them; a mapping counts by its `cloud-init` key. */
export const documentsOf = (value: Uint8Array | Json | undefined): Uint8Array[] => {
  if (value instanceof Uint8Array) return value.length > 0 ? [value] : []
  if (typeof value === 'string') return value === '' ? [] : [bytesOfText(value)]
  if (Array.isArray(value)) return value.flatMap((item) => (typeof item === 'string' ? [bytesOfText(item)] : []))
  return isJsonObject(value) ? documentsOf(value['cloud-init']) : []
}
