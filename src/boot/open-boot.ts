import { type BaseConfig, readBaseConfig } from '../cloudconfig/load.ts'
import { parseYaml } from '../cloudconfig/yaml.ts'
import { loadDistro } from '../distros/index.ts'
import { defaultPaths, type Paths } from '../instance/paths.ts'
import { isJsonObject, type JsonObject, objectAt, textAt } from '../machine/json.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { gatherPlatform } from '../platform/facts.ts'
import type { Platform } from '../platform/platform.ts'
import type { Boot } from './boot.ts'
import { chooseRenderer } from './choose-renderer.ts'
import type { Progress } from './progress.ts'

export interface OpenOptions {
  readonly machine: Machine
  /** Grows as the machine's log is written to. */
  readonly records: readonly LogRecord[]
  /** Configuration files over all other, the first the most important. */
  readonly files?: readonly string[]
  readonly progress?: Progress
  /** Text of the configuration that stands in for /etc/cloud/cloud.cfg on a machine that has none. */
  readonly shippedConfig?: string
}

const mainConfig = '/etc/cloud/cloud.cfg'

/** Reads what all stages share: the configuration of the image and the distribution it is. */
export const openBoot = async (options: OpenOptions): Promise<Boot> => {
  const { machine } = options
  let gathered: Promise<Platform> | undefined
  const platform = (): Promise<Platform> => {
    gathered ??= gatherPlatform(machine)
    return gathered
  }
  const base = withShipped(machine, await readBaseConfig(machine, { cmdline: (await platform()).cmdline }), options)
  const systemInfo = objectAt(base.config, 'system_info')
  return {
    machine,
    base,
    config: base.config,
    paths: readPaths(systemInfo),
    distro: await loadDistro(textAt(systemInfo, 'distro') ?? 'debian', systemInfo, machine),
    platform,
    renderer: () => chooseRenderer(machine, systemInfo),
    records: options.records,
    progress: options.progress ?? (() => undefined),
    extraFiles: options.files ?? [],
    memory: {},
  }
}

/** A machine without cloud.cfg (a laptop, for `try` and `plan`) gets the one that firstlight ships. */
const withShipped = (machine: Machine, base: BaseConfig, { shippedConfig }: OpenOptions): BaseConfig => {
  if (shippedConfig === undefined || machine.files.exists(mainConfig)) return base
  const shipped = parseYaml(shippedConfig, 'the configuration that firstlight ships')
  if (!isJsonObject(shipped)) return base
  return { ...base, config: { ...base.config, ...withoutLess(shipped, base.config) } }
}

/** What the shipped configuration adds without touching what the run-time configuration has decided. */
const withoutLess = (shipped: JsonObject, config: JsonObject): JsonObject => {
  const { datasource_list: _decided, ...rest } = shipped
  return { ...rest, system_info: { ...objectAt(config, 'system_info'), ...objectAt(shipped, 'system_info') } }
}

/** Folders by system_info.paths, without a final slash. */
const readPaths = (systemInfo: JsonObject): Paths => {
  const paths = objectAt(systemInfo, 'paths')
  const at = (key: string, fallback: string): string => (textAt(paths, key) ?? fallback).replace(/(?<=.)\/+$/, '')
  return {
    cloud: at('cloud_dir', defaultPaths.cloud),
    run: at('run_dir', defaultPaths.run),
    templates: at('templates_dir', defaultPaths.templates),
  }
}
