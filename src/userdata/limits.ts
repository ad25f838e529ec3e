import { limitAt, yamlLimitsOf } from '../cloudconfig/input-limits.ts'
import { defaultYamlLimits, type YamlLimits } from '../cloudconfig/yaml.ts'
import type { JsonObject } from '../machine/json.ts'
import { defaultTemplateLimits, type TemplateLimits } from '../template/limits.ts'

/** What a sender may make us do. A limit that is reached is named in the error. */
export interface UserDataLimits {
  /** Bytes that one gzip stream may unpack to. */
  readonly maxUnpackedBytes: number
  /** Parts of all kinds in one user-data. */
  readonly maxParts: number
  /** How deep multiparts, archives and includes may be nested in each other. */
  readonly maxDepth: number
  /** Addresses that are included, also those that an included text names. */
  readonly maxIncludes: number
  /** Seconds for one include, tries and waits together. */
  readonly maxIncludeSeconds: number
  /** Seconds for all includes of one user-data together. */
  readonly maxAllIncludesSeconds: number
  readonly yaml: YamlLimits
  readonly template: TemplateLimits
}

export const defaultUserDataLimits: UserDataLimits = {
  maxUnpackedBytes: 64 * 1024 * 1024,
  maxParts: 10_000,
  maxDepth: 20,
  maxIncludes: 1000,
  maxIncludeSeconds: 120,
  maxAllIncludesSeconds: 600,
  yaml: defaultYamlLimits,
  template: defaultTemplateLimits,
}

/** The limits by `input_limits` of a configuration; its names are in the errors, too. */
export const userDataLimitsOf = (config: JsonObject): UserDataLimits => {
  const { template, ...own } = defaultUserDataLimits
  return {
    maxUnpackedBytes: limitAt(config, 'unpacked_bytes', own.maxUnpackedBytes),
    maxParts: limitAt(config, 'parts', own.maxParts),
    maxDepth: limitAt(config, 'part_depth', own.maxDepth),
    maxIncludes: limitAt(config, 'includes', own.maxIncludes),
    maxIncludeSeconds: limitAt(config, 'include_seconds', own.maxIncludeSeconds),
    maxAllIncludesSeconds: limitAt(config, 'all_includes_seconds', own.maxAllIncludesSeconds),
    yaml: yamlLimitsOf(config),
    template: {
      maxSteps: limitAt(config, 'template_steps', template.maxSteps),
      maxSize: limitAt(config, 'template_characters', template.maxSize),
      maxDepth: limitAt(config, 'template_depth', template.maxDepth),
    },
  }
}
