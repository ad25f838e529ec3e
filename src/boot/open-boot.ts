import { readBaseConfig } from '../cloudconfig/load.ts'
import { loadDistro } from '../distros/index.ts'
import { defaultPaths, type Paths } from '../instance/paths.ts'
import { type JsonObject, objectAt, textAt } from '../machine/json.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { gatherPlatform } from '../platform/facts.ts'
import type { Platform } from '../platform/platform.ts'
import type { Boot, Finding } from './boot.ts'
import { chooseRenderer } from './choose-renderer.ts'
import { collectingLog } from './findings.ts'
import type { Progress } from './progress.ts'
import { withWritableState } from './state-folder.ts'

export interface OpenOptions {
  readonly machine: Machine
  /** Grows as the machine's log is written to. */
  readonly records: readonly LogRecord[]
  /** Configuration files over all other, the first the most important. */
  readonly files?: readonly string[]
  readonly progress?: Progress
  /** Text of the configuration that stands in for /etc/cloud/cloud.cfg where that is missing or can't be used. */
  readonly shippedConfig?: string
  /** With it, the configuration is fetched that the kernel command line names. Default not. */
  readonly network?: 'down' | 'up'
  /** Resolves when the machine's files can be written. Default: now. */
  readonly writable?: Promise<void>
}

/** True when the kernel command line may name a configuration to fetch. */
export const namesConfigUrl = (cmdline: string): boolean => /(?:^|\s)(?:cloud-config-)?url=/.test(cmdline)

/** Reads what all stages share: the configuration of the image and the distribution it is. */
export const openBoot = async (options: OpenOptions): Promise<Boot> => {
  const { machine } = options
  let gathered: Promise<Platform> | undefined
  const platform = (): Promise<Platform> => {
    gathered ??= gatherPlatform(machine)
    return gathered
  }
  const findings: Finding[] = []
  const log = collectingLog(machine.log, findings)
  const { cmdline } = await platform()
  if (options.network && namesConfigUrl(cmdline)) {
    await options.writable
    const { fetchConfigUrl } = await import('../cloudconfig/config-url.ts')
    await fetchConfigUrl({ ...machine, log }, cmdline, options.network === 'up')
  }
  const base = await readBaseConfig(
    { ...machine, log },
    {
      cmdline,
      ...(options.shippedConfig !== undefined && { standIn: options.shippedConfig }),
    },
  )
  const systemInfo = objectAt(base.config, 'system_info')
  await options.writable
  return {
    machine,
    base,
    config: base.config,
    paths: withWritableState(machine, readPaths(systemInfo), log),
    distro: await loadDistro(textAt(systemInfo, 'distro') ?? 'debian', systemInfo, machine),
    platform,
    renderer: () => chooseRenderer(machine, systemInfo),
    records: options.records,
    findings,
    progress: options.progress ?? (() => undefined),
    extraFiles: options.files ?? [],
    memory: {},
  }
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
