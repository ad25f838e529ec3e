import type { Json, JsonObject } from '../machine/json.ts'
import { isJsonObject } from '../machine/json.ts'
import type { ConfigLayer, LayerTree } from './layers.ts'
import { mergeUnder } from './list-meeting.ts'
import { layerRules, type MergeStrategy, parseMergeRules, strategyOf, takeMergeRules } from './merge-rules.ts'
import { attribute, type Origin, type Traced, traceOf } from './origins.ts'
import { parseYamlWithPositions, type YamlLimits } from './yaml.ts'

/** Layers whose origins are known already, because they were made of parts. */
export type TracedLayers = ReadonlyMap<ConfigLayer, Traced<JsonObject>>

/**
 * The configuration that a tree of layers makes, as mergeTree does, with the origin of everything in it. A layer that
 * can't be merged is left out.
 */
export const traceLayers = (tree: LayerTree, known: TracedLayers): Traced<JsonObject> => {
  if (!('members' in tree)) return known.get(tree) ?? traceLayer(tree)
  const [first, ...rest] = tree.members.map((member) => ({ member, traced: traceLayers(member, known) }))
  if (!first) return nothing
  return rest.reduce(
    (above, { member, traced }) => mergeTraced(above, traced, member),
    mergeTraced(nothing, first.traced, first.member),
  )
}

const nothing: Traced<JsonObject> = {
  value: {},
  trace: { origin: { layer: 'built-in', source: 'built-in defaults' }, overrode: [] },
}

const mergeTraced = (above: Traced<JsonObject>, traced: Traced<JsonObject>, layer: LayerTree): Traced<JsonObject> => {
  const lists = 'members' in layer ? undefined : layer.lists
  try {
    const value = mergeUnder(above.value, traced.value, lists)
    return { value, trace: attribute(above, traced, value, strategyFor(traced.value, lists)) }
  } catch {
    // Reported when the layers were merged for real.
    return above
  }
}

const strategyFor = (config: JsonObject, lists: ConfigLayer['lists']): MergeStrategy => {
  if (lists === 'append' || lists === 'prepend') return strategyOf(parseMergeRules(`dict(recurse_list)+list(${lists})`))
  const { rules } = takeMergeRules(config)
  return strategyOf(rules.length > 0 && lists === undefined ? rules : parseMergeRules(layerRules))
}

/** Finds the lines of a layer that is one text. */
const traceLayer = ({ name, source, config, text }: ConfigLayer): Traced<JsonObject> => ({
  value: config,
  trace: traceText(config, text, { layer: name, source }),
})

/** The origins of a value that was read from a YAML text; without a text (or a readable one), without lines. */
export const traceText = (value: Json, text: string | undefined, origin: Origin, limits?: YamlLimits) => {
  if (text === undefined || text === '') return traceOf(value, origin)
  try {
    const { position } = parseYamlWithPositions(text, origin.source, limits)
    return traceOf(value, origin, isJsonObject(value) ? position : undefined)
  } catch {
    // Reported when it was read for real.
    return traceOf(value, origin)
  }
}
