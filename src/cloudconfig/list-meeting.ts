import type { JsonObject } from '../machine/json.ts'
import { type ListMeeting, listMeetings } from './layers.ts'
import { mergeLayers } from './merge.ts'

/** Lists that are one thing, not a collection: an order of modules, a command's words. Two of them don't add up. */
const wholeLists: ReadonlySet<string> = new Set([
  'cloud_config_modules',
  'cloud_final_modules',
  'cloud_init_modules',
  'datasource_list',
  'output',
  'system_info',
  'vendor_data',
  'vendor_data2',
])

const rules: Readonly<Record<ListMeeting, string>> = {
  append: 'dict(recurse_list)+list(append)',
  prepend: 'dict(recurse_list)+list(prepend)',
  replace: 'dict()',
}

/**
 * Merges a layer under those that are more important. `lists` counts for lists at any depth, instead of the layer's own
 * merge_how.
 * @throws ConfigError for an unusable merge_how
 */
export const mergeUnder = (above: JsonObject, layer: JsonObject, lists: ListMeeting | undefined): JsonObject => {
  if (lists === undefined) return mergeLayers([above, layer])
  const { merge_how: _how, merge_type: _type, ...rest } = layer
  const entries = Object.entries(rest)
  const whole = Object.fromEntries(entries.filter(([key]) => wholeLists.has(key)))
  const meeting = Object.fromEntries(entries.filter(([key]) => !wholeLists.has(key)))
  return mergeLayers([above, { ...meeting, merge_how: rules[lists] }, whole])
}

/** The way that a setting `vendor_data: {merge: ...}` names; undefined for `default`, `'unknown'` for none of these. */
export const readListMeeting = (value: unknown): ListMeeting | 'unknown' | undefined => {
  if (value === undefined || value === null || value === 'default') return undefined
  return listMeetings.find((name) => name === value) ?? 'unknown'
}
