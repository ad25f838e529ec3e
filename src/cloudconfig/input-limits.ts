import { type JsonObject, objectAt } from '../machine/json.ts'
import { defaultYamlLimits, type YamlLimits } from './yaml.ts'

/**
 * A limit of `input_limits` in the configuration of the image (or on the kernel command line): what user-data and
 * vendor-data may make this machine do. What is no positive number leaves it as it is.
 */
export const limitAt = (config: JsonObject, key: string, otherwise: number): number => {
  const value = objectAt(config, 'input_limits')[key]
  return typeof value === 'number' && value > 0 ? value : otherwise
}

export const yamlLimitsOf = (config: JsonObject): YamlLimits => ({
  maxDepth: limitAt(config, 'yaml_depth', defaultYamlLimits.maxDepth),
  maxAliasExpansion: limitAt(config, 'yaml_alias_characters', defaultYamlLimits.maxAliasExpansion),
})
