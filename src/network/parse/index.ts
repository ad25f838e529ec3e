import { ConfigError } from '../../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../machine/json.ts'
import { checkText } from '../fields.ts'
import { type NetworkModel, noDns } from '../model.ts'
import { parseV1, type Warn } from './v1.ts'
import { type HostNic, parseV2 } from './v2.ts'

export interface ParseOptions {
  /** The machine's interfaces. */
  readonly nics: readonly HostNic[]
  readonly warn: Warn
}

/**
 * Reads network config, version 1 or 2, with or without `network:` around it.
 * @throws ConfigError naming the key that can't be used
 */
export const parseNetwork = (config: Json, { nics, warn }: ParseOptions): NetworkModel => {
  const document = documentOf(config)
  checkText(document, '')
  const version = document['version']
  if (version === 1) return parseV1(document, warn)
  if (version === 2) return parseV2(document, nics, warn)
  throw new ConfigError(
    'network.version',
    version === undefined ? 'is missing: 1 or 2' : `${String(version)} is unknown: 1 or 2`,
  )
}

/**
 * A document of version 2 for netplan, which knows more of it than the model does (wifis, tunnels, vrfs, ...) and checks
 * it itself. undefined for version 1.
 */
export const passThrough = (config: Json): NetworkModel | undefined => {
  const netplan = documentOf(config)
  return netplan['version'] === 2 ? { links: [], impliedLinks: [], dns: noDns, routes: [], netplan } : undefined
}

/** What is in `network:`, or the config itself. @throws ConfigError */
export const documentOf = (config: Json): JsonObject => {
  const document = isJsonObject(config) && isJsonObject(config['network']) ? config['network'] : config
  if (!isJsonObject(document)) throw new ConfigError('network', 'must be a mapping')
  return document
}
