import { ConfigError } from '../machine/errors.ts'
import type { Json, JsonObject } from '../machine/json.ts'

/** One step of a merge strategy: `dict(recurse_list, allow_delete)` -> name `dict`, options `recurse_list`, `allow_delete`. */
export interface MergeRule {
  readonly name: string
  readonly options: readonly string[]
}

/** How two values are put together, by the kind of the value that is there first. A kind without a rule stays as it is. */
export interface MergeStrategy {
  readonly dict?: DictRule
  readonly list?: ListRule
  readonly text?: TextRule
}

export interface DictRule {
  /** The new value of a key that both have replaces the old one; else mappings merge and the rest stays. */
  readonly replace: boolean
  readonly recurseLists: boolean
  readonly recurseTexts: boolean
  /** A new null removes the key. */
  readonly allowDelete: boolean
}

export interface ListRule {
  readonly method: 'append' | 'prepend' | 'replace' | 'no_replace'
  readonly recurseLists: boolean
  readonly recurseMappings: boolean
  readonly recurseTexts: boolean
}

export interface TextRule {
  readonly append: boolean
}

/** How parts of user-data are merged when they say nothing: a later part's keys replace an earlier part's. */
export const partRules = 'dict(replace)+list()+str()'
/** How layers are merged: what is there stays, mappings are merged key by key. */
export const layerRules = 'list()+dict()+str()'

/**
 * Reads `dict(replace)+list(append)+str()`. Case does not matter; `-` is the same as `_`.
 * @throws ConfigError when a step is not of the form `name(options)`.
 */
export const parseMergeRules = (text: string): MergeRule[] =>
  text
    .toLowerCase()
    .replaceAll('-', '_')
    .split('+')
    .map((step) => step.trim())
    .filter((step) => step !== '')
    .map((step) => {
      const parts = /^([a-z_][a-z0-9_]*)\((.*)\)$/s.exec(step)
      if (parts === null) throw new ConfigError('merge_how', `'${step}' is not of the form name(option, ...)`)
      return { name: parts[1] ?? '', options: splitOptions(parts[2] ?? '') }
    })

const splitOptions = (text: string): string[] =>
  text
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '')

/**
 * Takes the strategy out of a cloud-config: `merge_how`, or else `merge_type`; the other one stays, as in cloud-init.
 * @throws ConfigError when it is neither text, nor a list of `{name, settings}` or `[name, option...]`.
 */
export const takeMergeRules = (config: JsonObject): { readonly rules: MergeRule[]; readonly rest: JsonObject } => {
  const { merge_how: how = null, ...withoutHow } = config
  if (how !== null) return { rules: readMergeRules(how), rest: withoutHow }
  const { merge_type: type = null, ...rest } = withoutHow
  return { rules: type === null ? [] : readMergeRules(type), rest }
}

const readMergeRules = (value: Json): MergeRule[] => {
  if (typeof value === 'string') return parseMergeRules(value)
  if (!Array.isArray(value)) throw new ConfigError('merge_how', 'must be text or a list of {name, settings}')
  return value.map(readListedRule)
}

const readListedRule = (value: Json): MergeRule => {
  const [name, options] = Array.isArray(value) ? [value[0], value.slice(1)] : nameAndSettings(value)
  if (typeof name !== 'string' || !Array.isArray(options)) {
    throw new ConfigError('merge_how', 'each entry must be {name: text, settings: list} or [name, option, ...]')
  }
  return { name: name.replaceAll('-', '_').trim(), options: options.map((option) => String(option)) }
}

const nameAndSettings = (value: Json): [Json | undefined, Json | undefined] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? [value['name'], value['settings']]
    : [undefined, undefined]

/**
 * The strategy of some rules; of two for the same kind the first counts.
 * @throws ConfigError for a name that is not `dict`, `list` or `str`.
 */
export const strategyOf = (rules: readonly MergeRule[]): MergeStrategy => {
  const find = (name: string): ReadonlySet<string> | undefined => {
    const rule = rules.find((candidate) => kindOf(candidate.name) === name)
    return rule && new Set(rule.options)
  }
  for (const { name } of rules) {
    if (kinds.has(kindOf(name))) continue
    throw new ConfigError('merge_how', `there is no merger '${name}': there are dict, list and str`)
  }
  const [dict, list, text] = [find('dict'), find('list'), find('str')]
  return {
    ...(dict && { dict: dictRule(dict) }),
    ...(list && { list: listRule(list) }),
    ...(text && { text: { append: text.has('append') } }),
  }
}

const kinds: ReadonlySet<string> = new Set(['dict', 'list', 'str'])

/** cloud-init's own names have a prefix: `m_dict`. */
const kindOf = (name: string): string => name.replace(/^m_/, '')

const recursesLists = (options: ReadonlySet<string>): boolean =>
  options.has('recurse_array') || options.has('recurse_list')

const dictRule = (options: ReadonlySet<string>): DictRule => ({
  replace: options.has('replace'),
  recurseLists: recursesLists(options),
  recurseTexts: options.has('recurse_str'),
  allowDelete: options.has('allow_delete'),
})

const listMethods = ['append', 'prepend', 'replace', 'no_replace'] as const

const listRule = (options: ReadonlySet<string>): ListRule => ({
  method: listMethods.find((method) => options.has(method)) ?? 'replace',
  recurseLists: recursesLists(options),
  recurseMappings: options.has('recurse_dict'),
  recurseTexts: options.has('recurse_str'),
})
