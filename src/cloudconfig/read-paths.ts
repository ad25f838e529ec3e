import { defaultPaths, type Paths } from '../instance/paths.ts'
import { type JsonObject, objectAt, textAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { readBaseConfig } from './load.ts'

/** Where state lives, by `system_info.paths` of a configuration. */
export const pathsOf = (config: JsonObject): Paths => {
  const paths = objectAt(objectAt(config, 'system_info'), 'paths')
  const folder = (key: string, otherwise: string): string => textAt(paths, key)?.replace(/\/+$/, '') || otherwise
  return {
    ...defaultPaths,
    cloud: folder('cloud_dir', defaultPaths.cloud),
    run: folder('run_dir', defaultPaths.run),
    templates: folder('templates_dir', defaultPaths.templates),
  }
}

/** The same, read from the machine's own files; for commands that need nothing else of the configuration. */
export const readPaths = async (machine: Machine): Promise<Paths> =>
  pathsOf((await readBaseConfig(machine, { cmdline: '' })).config)
