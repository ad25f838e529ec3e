import type { JsonObject } from '../machine/json.ts'

/** Where configuration can come from, least important first. */
export const layerNames = [
  'built-in',
  'image',
  'runtime',
  'command-line',
  'datasource',
  'vendor-data',
  'vendor-data2',
  'user-data',
  'environment',
  'extra-file',
] as const
export type LayerName = (typeof layerNames)[number]

/** One source of configuration, as it was read. */
export interface ConfigLayer {
  readonly name: LayerName
  /** For people: `/etc/cloud/cloud.cfg.d/90_dpkg.cfg`, `kernel command line`. */
  readonly source: string
  readonly config: JsonObject
}

/** A layer, or several that are merged with each other before they meet the others. Most important first. */
export type LayerTree = ConfigLayer | { readonly members: readonly LayerTree[] }
