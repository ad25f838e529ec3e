import { ConfigError } from '../machine/errors.ts'
import type { Json, JsonObject } from '../machine/json.ts'
import { isJsonObject } from '../machine/json.ts'
import type { DictRule, ListRule, MergeStrategy } from './merge-rules.ts'
import { layerRules, parseMergeRules, strategyOf, takeMergeRules } from './merge-rules.ts'

/**
 * Merges `from` into `into` and returns the result; neither is changed, and parts of both may be shared by the result.
 * The kind of the value that is there first decides which rule applies.
 */
export const merge = (into: Json, from: Json, strategy: MergeStrategy): Json => {
  if (typeof into === 'string') return strategy.text ? mergeText(into, from, strategy.text.append) : into
  if (Array.isArray(into)) return strategy.list ? mergeList(into, from, strategy.list, strategy) : into
  if (!isJsonObject(into) || !strategy.dict) return into
  return isJsonObject(from) ? mergeMapping(into, from, strategy.dict, strategy) : into
}

const mergeText = (into: string, from: Json, append: boolean): Json => {
  if (!append) return from
  if (typeof from === 'string') return into + from
  throw new ConfigError('merge_how', 'str(append) can only append text to text')
}

const mergeMapping = (into: JsonObject, from: JsonObject, rule: DictRule, strategy: MergeStrategy): JsonObject => {
  const result: JsonObject = { ...into }
  for (const [key, value] of Object.entries(from)) {
    if (key === '__proto__') continue
    const old = Object.hasOwn(result, key) ? result[key] : undefined
    if (old === undefined) result[key] = value
    else if (value === null && rule.allowDelete) delete result[key]
    else result[key] = mergeSameKey(old, value, rule, strategy)
  }
  return result
}

const mergeSameKey = (old: Json, value: Json, rule: DictRule, strategy: MergeStrategy): Json => {
  if (rule.replace) return value
  if (Array.isArray(value)) return rule.recurseLists ? merge(old, value, strategy) : old
  if (typeof value === 'string') return rule.recurseTexts ? merge(old, value, strategy) : old
  return isJsonObject(value) ? merge(old, value, strategy) : old
}

const mergeList = (into: Json[], from: Json, rule: ListRule, strategy: MergeStrategy): Json => {
  if (rule.method === 'append') return [...into, ...itemsOf(from)]
  if (rule.method === 'prepend') return [...itemsOf(from), ...into]
  if (!Array.isArray(from)) return rule.method === 'replace' ? from : into
  return into.map((old, index) => {
    const value = from[index]
    return value === undefined ? old : mergeSameIndex(old, value, rule, strategy)
  })
}

/** What a list is extended by, as Python does it: of a mapping its keys, of a text its characters. */
const itemsOf = (value: Json): Json[] => {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return [...value]
  return isJsonObject(value) ? Object.keys(value) : []
}

const mergeSameIndex = (old: Json, value: Json, rule: ListRule, strategy: MergeStrategy): Json => {
  if (rule.method === 'no_replace') return old
  if (Array.isArray(value) && rule.recurseLists) return merge(old, value, strategy)
  if (typeof value === 'string' && rule.recurseTexts) return merge(old, value, strategy)
  if (isJsonObject(value) && rule.recurseMappings) return merge(old, value, strategy)
  return value
}

const defaultLayerStrategy = strategyOf(parseMergeRules(layerRules))

/**
 * Merges the layers of configuration, most important first: what a more important layer says stays, mappings are merged
 * key by key. A layer may bring its own strategy (`merge_how`), by which it is merged under the ones before it.
 * @throws ConfigError for an unusable strategy.
 */
export const mergeLayers = (layers: readonly JsonObject[]): JsonObject =>
  layers.reduce<JsonObject>((merged, layer) => {
    const { rules, rest } = takeMergeRules(layer)
    const result = merge(merged, rest, rules.length > 0 ? strategyOf(rules) : defaultLayerStrategy)
    return isJsonObject(result) ? result : merged
  }, {})
