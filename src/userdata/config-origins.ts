import type { LayerName } from '../cloudconfig/layers.ts'
import { merge } from '../cloudconfig/merge.ts'
import { attribute, attributeChange, type Origin, type Traced } from '../cloudconfig/origins.ts'
import { traceText } from '../cloudconfig/trace-layers.ts'
import { defaultYamlLimits, type YamlLimits } from '../cloudconfig/yaml.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import { type ConfigPart, patchConfig, readConfigPart } from './cloud-config-parts.ts'

/**
 * The cloud-config that parts make, as mergeConfigParts does, with the part and line of everything in it. Parts that
 * can't be used are left out; mergeConfigParts has reported them.
 */
export const traceParts = (
  parts: readonly ConfigPart[],
  layer: LayerName,
  limits: YamlLimits = defaultYamlLimits,
): Traced<JsonObject> =>
  parts.reduce<Traced<JsonObject>>(
    (traced, part) => {
      const origin = originOf(part, layer)
      try {
        return part.kind === 'json-patch'
          ? patchTraced(traced, part, origin)
          : mergeTraced(traced, part, origin, limits)
      } catch {
        return traced
      }
    },
    { value: {}, trace: { origin: { layer, source: layer }, overrode: [] } },
  )

const originOf = ({ name, isRendered }: ConfigPart, layer: LayerName): Origin => ({
  layer,
  source: layer,
  part: name,
  ...(isRendered && { isRendered }),
})

const mergeTraced = (
  traced: Traced<JsonObject>,
  part: ConfigPart,
  origin: Origin,
  limits: YamlLimits,
): Traced<JsonObject> => {
  const { given, strategy } = readConfigPart(part, limits)
  const value = merge(traced.value, given, strategy)
  if (!isJsonObject(value)) return traced
  const from = { value: given, trace: traceText(given, part.text, origin, limits) }
  return { value, trace: attribute(traced, from, value, strategy) }
}

const patchTraced = (traced: Traced<JsonObject>, part: ConfigPart, origin: Origin): Traced<JsonObject> => {
  const value = patchConfig(traced.value, part)
  return { value, trace: attributeChange(traced, value, origin) }
}
