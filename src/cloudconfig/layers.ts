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
  /** The YAML it was read from: `why` finds lines in it. */
  readonly text?: string
  /** How its lists meet those of the layers above, where the configuration says so (`vendor_data: {merge: append}`). */
  readonly lists?: ListMeeting
}

/**
 * How a layer's lists meet the lists of more important layers: after their items, before them, or not at all (theirs
 * replace them).
 */
export const listMeetings = ['append', 'prepend', 'replace'] as const
export type ListMeeting = (typeof listMeetings)[number]

/** A layer, or several that are merged with each other before they meet the others. Most important first. */
export type LayerTree = ConfigLayer | { readonly members: readonly LayerTree[] }
