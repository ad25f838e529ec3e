import { type Json, type JsonObject, objectAt } from '../../src/machine/json.ts'

/** The keys of the module, each of one type. */
export interface SshSettings {
  readonly deletesKeys: boolean
  readonly generates: readonly string[]
  readonly isQuiet: boolean
  readonly publishes: boolean
  /** Types of host key that are not published. */
  readonly unpublished: readonly string[]
  readonly allowsCloudKeys: boolean
  readonly keys: readonly string[]
  readonly disablesRoot: boolean
  /** disable_root_opts; undefined: the usual ones. */
  readonly refusal: string | undefined
}

const asFlag = (value: Json): boolean | undefined => {
  const text = String(value).trim().toLowerCase()
  if (['true', '1', 'on', 'yes'].includes(text)) return true
  return ['false', '0', 'off', 'no'].includes(text) ? false : undefined
}

/**
 * Reads the settings. An unusable one counts as not given; the check of the configuration has told of it already.
 * @param note takes a line about each
 */
export const readSettings = (config: JsonObject, note: (problem: string) => void): SshSettings => {
  const publishing = objectAt(config, 'ssh_publish_hostkeys')
  const flag = (from: JsonObject, key: string, otherwise: boolean): boolean => {
    const value = from[key]
    if (value === undefined || value === null) return otherwise
    const converted = asFlag(value)
    if (converted === undefined) note(`${key}: must be true or false; it counts as ${otherwise}`)
    return converted ?? otherwise
  }
  const texts = (from: JsonObject, key: string): readonly string[] | undefined => {
    const value = from[key]
    if (value === undefined || value === null) return undefined
    const items = Array.isArray(value) ? value : [value]
    return items.flatMap((item, index) => {
      if (typeof item === 'string') return [item]
      note(`${key}[${index}]: must be a text; it is left out`)
      return []
    })
  }
  const refusal = config['disable_root_opts']
  return {
    deletesKeys: flag(config, 'ssh_deletekeys', true),
    generates: texts(config, 'ssh_genkeytypes') ?? ['rsa', 'ecdsa', 'ed25519'],
    isQuiet: flag(config, 'ssh_quiet_keygen', false),
    publishes: flag(publishing, 'enabled', true),
    unpublished: texts(publishing, 'blacklist') ?? [],
    allowsCloudKeys: flag(config, 'allow_public_ssh_keys', true),
    keys: texts(config, 'ssh_authorized_keys') ?? [],
    disablesRoot: flag(config, 'disable_root', true),
    refusal: typeof refusal === 'string' ? refusal : undefined,
  }
}
