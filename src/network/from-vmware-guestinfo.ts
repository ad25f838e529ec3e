import { parseYaml } from '../cloudconfig/yaml.ts'
import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'
import { decodeNetworkText } from './encoded.ts'

/**
 * The network config in `guestinfo.metadata` of VMware: a mapping under `network`, or text in the encoding that
 * `network.encoding` names (base64, gzip+base64 and their short forms).
 *
 * @param metadata the decoded text of the key: YAML or JSON
 * @returns undefined when it holds none
 */
export const networkFromGuestinfo = (metadata: string): JsonObject | undefined => {
  const document = parseYaml(metadata, 'guestinfo.metadata')
  if (!isJsonObject(document)) return undefined
  const network = networkOf(document)
  if (network === undefined || network === null || network === '') return undefined
  if (!isJsonObject(network)) throw new ConfigError('guestinfo.metadata: network', 'must be a mapping')
  return network
}

const networkOf = (document: JsonObject): Json | undefined => {
  const network = document['network']
  if (typeof network !== 'string') return network
  const encoding = textAt(document, 'network.encoding') ?? ''
  const text = encoding === '' ? network : decodeNetworkText(network)
  return parseYaml(text, 'guestinfo.metadata: network')
}
