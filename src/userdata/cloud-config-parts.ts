import { merge } from '../cloudconfig/merge.ts'
import {
  type MergeRule,
  type MergeStrategy,
  parseMergeRules,
  partRules,
  strategyOf,
  takeMergeRules,
} from '../cloudconfig/merge-rules.ts'
import { defaultYamlLimits, dumpYaml, parseYaml, type YamlLimits } from '../cloudconfig/yaml.ts'
import { ConfigError, messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, parseJson } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import { applyJsonPatch } from './json-patch.ts'

/** A cloud-config or JSON patch among the parts of user-data. */
export interface ConfigPart {
  /** File name of the part. */
  readonly name: string
  readonly kind: 'cloud-config' | 'json-patch'
  readonly text: string
  /** Value of the part's Merge-Type header. */
  readonly mergeType?: string
  /** The text is what a template became. */
  readonly isRendered?: true
}

export interface MergedParts {
  readonly config: JsonObject
  /** Names of the parts that took part. */
  readonly merged: readonly string[]
  /** Names of the parts that could not be read or merged; each was logged. */
  readonly ignored: readonly string[]
}

/**
 * Merges the cloud-config parts in their order. A later part's keys replace an earlier part's unless the later part (or
 * its Merge-Type header) says otherwise. A part that can't be used is reported and left out.
 * @param source whose parts they are, for the log: `user-data`
 */
export const mergeConfigParts = (
  parts: readonly ConfigPart[],
  source: string,
  log: Log,
  limits: YamlLimits = defaultYamlLimits,
): MergedParts => {
  let config: JsonObject = {}
  const merged: string[] = []
  const ignored: string[] = []
  for (const part of parts) {
    try {
      config =
        part.kind === 'json-patch'
          ? patchConfig(config, part)
          : mergePart(config, readConfigPart(part, limits), `${source}: ${part.name}`, log)
      merged.push(part.name)
    } catch (error) {
      const problem = messageOf(error)
      const rest = problem.startsWith(part.name) ? problem.slice(part.name.length).replace(/^[,:] /, '') : problem
      log.warning(`${source}: ${part.name} is left out: ${rest}`)
      ignored.push(part.name)
    }
  }
  return { config, merged, ignored }
}

const mergePart = (config: JsonObject, { strategy, given }: ReadPart, name: string, log: Log): JsonObject => {
  if (!strategy.dict) {
    log.warning(`${name} changes nothing: its merge_how has no dict(...), without which no key is taken over`)
  }
  const result = merge(config, given, strategy)
  return isJsonObject(result) ? result : config
}

interface ReadPart {
  readonly given: JsonObject
  readonly strategy: MergeStrategy
}

/**
 * What a cloud-config part says, and how it is merged over the parts before it.
 * @throws ConfigError, YamlError
 */
export const readConfigPart = (part: ConfigPart, limits: YamlLimits = defaultYamlLimits): ReadPart => {
  const { rules, rest } = takeMergeRules(readConfig(part, limits))
  const ownRules: MergeRule[] = [...rules, ...parseMergeRules(part.mergeType ?? '')]
  return { given: rest, strategy: strategyOf(ownRules.length > 0 ? ownRules : parseMergeRules(partRules)) }
}

const readConfig = (part: ConfigPart, limits: YamlLimits): JsonObject => {
  const value = parseYaml(part.text, part.name, limits)
  if (value === null) throw new ConfigError(part.name, 'the cloud-config is empty')
  if (!isJsonObject(value)) throw new ConfigError(part.name, 'a cloud-config must be a mapping of keys to values')
  return value
}

/** @throws ConfigError, SyntaxError */
export const patchConfig = (config: JsonObject, part: ConfigPart): JsonObject => {
  const operations: Json = parseJson(part.text.trimStart().replace(/^#cloud-config-jsonp/, ''))
  const result = applyJsonPatch(config, operations)
  if (!isJsonObject(result)) throw new ConfigError(part.name, 'after this JSON patch the config is no mapping')
  return result
}

/** Content of cloud-config.txt: the merged config, and in comments the parts that it is made of. */
export const configFileText = ({ config, merged, ignored }: MergedParts): string => {
  const lines = [
    '#cloud-config',
    '',
    ...(merged.length > 0 ? [`# from ${merged.length} files`, ...merged.map((name) => `# ${oneLine(name)}`), ''] : []),
    ...ignored.map((name) => `# Cloud-config part ignored SCHEMA_ERROR: ${oneLine(name)}`),
  ]
  return `${lines.join('\n')}\n---\n${dumpYaml(config)}...\n`
}

const oneLine = (name: string): string => name.replace(/\p{Cc}/gu, ' ')
