import { messageOf } from '../machine/errors.ts'
import { type Json, type JsonObject, objectAt } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { configOnCommandLine } from './command-line.ts'
import { builtInConfig } from './defaults.ts'
import { yamlLimitsOf } from './input-limits.ts'
import type { ConfigLayer, LayerName, LayerTree, ListMeeting } from './layers.ts'
import { mergeUnder, readListMeeting } from './list-meeting.ts'
import { type ReadConfigOptions, readConfigFileText, readConfigText } from './read-config.ts'
import type { YamlLimits } from './yaml.ts'

/** The configuration of the image: what holds before any cloud was asked. */
export interface BaseConfig {
  readonly config: JsonObject
  readonly tree: LayerTree
}

export interface BaseConfigSources {
  /** Kernel command line. */
  readonly cmdline: string
  /** Default `/etc/cloud/cloud.cfg`. */
  readonly configFile?: string
  /** Default `/run/cloud-init`. */
  readonly runFolder?: string
  /** Text that is taken for the configuration file where that is missing or can't be used. */
  readonly standIn?: string
}

/**
 * Reads the configuration of the image: built-in defaults, cloud.cfg and the files of its `.d` folder (later names win),
 * /run/cloud-init/cloud.cfg, the kernel command line; each above the one before. A source that can't be used is reported
 * and left out.
 */
export const readBaseConfig = async (machine: Machine, sources: BaseConfigSources): Promise<BaseConfig> => {
  const { cmdline, configFile = '/etc/cloud/cloud.cfg', runFolder = '/run/cloud-init' } = sources
  const variablesFile = `${runFolder}/instance-data-sensitive.json`
  const image = await readImageLayers(machine, configFile, variablesFile, sources.standIn)
  const runtime = await layerOfFile(machine, 'runtime', `${runFolder}/cloud.cfg`)
  const onCommandLine = configOnCommandLine(cmdline)
  const fromCommandLine = {
    ...layer(
      'command-line',
      'kernel command line',
      onCommandLine === '' ? {} : readConfigText(onCommandLine, 'kernel command line', machine.log),
    ),
    text: onCommandLine,
  }
  const tree: LayerTree = {
    members: [fromCommandLine, runtime, image, layer('built-in', 'built-in defaults', builtInConfig)],
  }
  return { config: mergeTree(machine, tree), tree }
}

const layer = (name: LayerName, source: string, config: JsonObject): ConfigLayer => ({ name, source, config })

const layerOfFile = async (
  machine: Machine,
  name: LayerName,
  path: string,
  options: ReadConfigOptions = {},
): Promise<ConfigLayer> => {
  const read = await readConfigFileText(machine, path, options)
  return typeof read === 'object' ? { name, source: path, ...read } : layer(name, path, {})
}

/** The image's configuration file. Without a usable one there would be no modules and no users: nobody could log in. */
const mainLayer = async (
  machine: Machine,
  file: string,
  variablesFile: string,
  standIn: string | undefined,
): Promise<ConfigLayer> => {
  const read = await readConfigFileText(machine, file, { variablesFile })
  if (typeof read === 'object') return { name: 'image', source: file, ...read }
  if (standIn === undefined) return layer('image', file, {})
  const source = 'the configuration that firstlight ships'
  return { ...layer('image', source, readConfigText(standIn, source, machine.log)), text: standIn }
}

const readImageLayers = async (
  machine: Machine,
  file: string,
  variablesFile: string,
  standIn: string | undefined,
): Promise<LayerTree> => {
  const main = await mainLayer(machine, file, variablesFile, standIn)
  const folder = folderOf(machine, file, main)
  const names = folder === undefined ? [] : machine.files.list(folder).filter((name) => name.endsWith('.cfg'))
  const members: ConfigLayer[] = []
  for (const name of names.toReversed()) {
    members.push(await layerOfFile(machine, 'image', `${folder}/${name}`, { variablesFile }))
  }
  return { members: [{ members }, main] }
}

/** The folder of drop-in files: named by `conf_d`, or the file's own name with `.d`. */
const folderOf = (machine: Machine, file: string, { config }: ConfigLayer): string | undefined => {
  const named = config['conf_d']
  if (named === undefined) return `${file}.d`
  if (typeof named === 'string') return named.trim() === '' ? undefined : named.trim()
  if (named !== null) machine.log.error(`${file}: conf_d must be the path of a folder; ${file}.d is read instead`)
  return named === null ? undefined : `${file}.d`
}

/** Merges a tree of layers. One with an unusable `merge_how` is reported and left out. */
export const mergeTree = (machine: Machine, tree: LayerTree): JsonObject => {
  if (!('members' in tree)) return tree.config
  return tree.members.reduce<JsonObject>((merged, member) => {
    try {
      return mergeUnder(merged, mergeTree(machine, member), 'members' in member ? undefined : member.lists)
    } catch (error) {
      const source = 'source' in member ? member.source : 'configuration'
      machine.log.error(`${source} is left out: ${messageOf(error)}`)
      return merged
    }
  }, {})
}

/** What the instance adds to the configuration of the image. */
export interface InstanceLayers {
  /** From the datasource itself. */
  readonly datasource?: JsonObject
  /** Files given on the command line; the first is the most important. */
  readonly extraFiles?: readonly string[]
}

export interface EffectiveConfig {
  /** What modules see. Of system_info it has only what the instance said. */
  readonly config: JsonObject
  /** system_info of image and instance together. */
  readonly systemInfo: JsonObject
  /** Everything, for `combined-cloud-config.json`. */
  readonly combined: JsonObject
  readonly tree: LayerTree
}

/**
 * Adds to the configuration of the image what this instance says, as far as it is in its folder already: datasource,
 * vendor-data, vendor-data2, user-data; then the file named by the environment variable CLOUD_CFG, then extra files.
 * @param instanceFolder where cloud-config.txt and its like are; undefined while there is no instance
 */
export const effectiveConfig = async (
  machine: Machine,
  base: BaseConfig,
  instanceFolder: string | undefined,
  layers: InstanceLayers = {},
): Promise<EffectiveConfig> => {
  const extra = await Promise.all((layers.extraFiles ?? []).map((path) => layerOfFile(machine, 'extra-file', path)))
  const named = machine.environment['CLOUD_CFG']
  const environment = named ? [await layerOfFile(machine, 'environment', named)] : []
  const datasource = layers.datasource ? [layer('datasource', 'datasource', layers.datasource)] : []
  const read =
    instanceFolder === undefined ? [] : await readInstanceFiles(machine, instanceFolder, yamlLimitsOf(base.config))
  const instance = withListMeetings(machine.log, read, [...datasource, layer('image', 'image', base.config)])
  const above = [...environment, ...instance, ...datasource]
  const { system_info: _ownSystemInfo, ...baseConfig } = base.config
  const over = (most: readonly ConfigLayer[], least: JsonObject): JsonObject =>
    mergeTree(machine, { members: [...most, ...above, layer('image', 'image', least)] })
  const combined = over([], base.config)
  return {
    config: over(extra, baseConfig),
    systemInfo: objectAt(combined, 'system_info'),
    combined,
    tree: { members: [...extra, ...above, base.tree] },
  }
}

const vendorKeys: Readonly<Partial<Record<LayerName, 'vendor_data' | 'vendor_data2'>>> = {
  'vendor-data': 'vendor_data',
  'vendor-data2': 'vendor_data2',
}

/**
 * Gives the layers of vendor-data the way in which their lists meet those of user-data: what the most important layer
 * says that says something.
 */
export const withListMeetings = (
  log: Log,
  instance: readonly ConfigLayer[],
  below: readonly ConfigLayer[],
): ConfigLayer[] => {
  const layers = [...instance, ...below]
  return instance.map((one) => {
    const key = vendorKeys[one.name]
    const lists = key && listMeeting(log, layers, key)
    return lists === undefined ? one : { ...one, lists }
  })
}

const listMeeting = (log: Log, layers: readonly ConfigLayer[], key: string): ListMeeting | undefined => {
  const speaker = layers.find(({ config }) => (objectAt(config, key)['merge'] ?? null) !== null)
  if (!speaker) return undefined
  const lists = readListMeeting(objectAt(speaker.config, key)['merge'])
  if (lists !== 'unknown') return lists
  log.warning(`${speaker.source}: ${key}.merge must be default, append, prepend or replace; default is taken`)
  return undefined
}

/** What user-data and vendor-data come to, in the instance's folder; most important first. */
export const instanceFiles: readonly (readonly [LayerName, string])[] = [
  ['user-data', 'cloud-config.txt'],
  ['vendor-data2', 'vendor2-cloud-config.txt'],
  ['vendor-data', 'vendor-cloud-config.txt'],
]

const readInstanceFiles = (machine: Machine, folder: string, limits: YamlLimits): Promise<ConfigLayer[]> =>
  Promise.all(instanceFiles.map(([name, file]) => layerOfFile(machine, name, `${folder}/${file}`, { limits })))

/** The settings of a vendor-data: whether it is used, what goes in front of its scripts, which parts are left out. */
export interface VendorSettings {
  readonly enabled: boolean
  readonly prefix: readonly string[]
  readonly excludedTypes: readonly string[]
}

export const vendorSettings = (config: JsonObject, key: 'vendor_data' | 'vendor_data2', log: Log): VendorSettings => {
  const { enabled = null, prefix = null, disabled_handlers: excluded = null } = objectAt(config, key)
  if (typeof enabled === 'string') {
    log.deprecated(`${key}.enabled: text is deprecated in 23.1 and will be removed in 28.1; write true or false`)
  }
  return { enabled: isTrue(enabled), prefix: wordsOf(prefix), excludedTypes: wordsOf(excluded) }
}

const wordsOf = (value: Json): string[] => {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}

const isTrue = (value: Json): boolean =>
  value === true || ['true', '1', 'on', 'yes'].includes(String(value).trim().toLowerCase())
