import { parseYaml } from '../cloudconfig/yaml.ts'
import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { networkFromInterfaces } from './eni-to-v1.ts'
import { networkFromAzure } from './from-azure.ts'
import { networkFromOpenstack } from './from-openstack.ts'
import { networkFromCustomization } from './from-vmware-imc.ts'
import { parseNetwork, passThrough } from './parse/index.ts'
import type { HostNic } from './parse/v2.ts'
import { renderers } from './render/index.ts'
import type { RenderedFile } from './render/renderer.ts'

export const networkKinds = ['eni', 'network_data.json', 'yaml', 'azure-imds', 'vmware-imc'] as const
export type NetworkKind = (typeof networkKinds)[number]

export interface ConvertOptions {
  readonly kind: NetworkKind
  readonly distro: string
  readonly renderer: string
  /** What `-m name,mac` said: the interfaces that network_data.json is about. */
  readonly macs: readonly HostNic[]
  /** Interfaces of this machine. */
  readonly nics: readonly HostNic[]
  readonly hasIp: boolean
  readonly warn: (message: string) => void
}

/**
 * Converts a network document to the files of a renderer (`devel net-convert`).
 * @throws FirstlightError
 */
export const convertNetwork = (text: string, options: ConvertOptions): RenderedFile[] => {
  const { nics, warn, hasIp, distro } = options
  const render = renderers[options.renderer]
  if (render === undefined) throw new ConfigError('output-kind', `${options.renderer} is unknown`)
  const config = readNetworkDocument(text, options)
  const passed = options.renderer === 'netplan' ? passThrough(config) : undefined
  return render(passed ?? parseNetwork(config, { nics, warn }), { distro, hasIp, warn })
}

/** A document of any kind, as network config. @throws FirstlightError */
export const readNetworkDocument = (
  text: string,
  { kind, macs, warn }: Pick<ConvertOptions, 'kind' | 'macs' | 'warn'>,
): Json => {
  switch (kind) {
    case 'eni':
      return networkFromInterfaces(text)
    case 'network_data.json':
      return networkFromOpenstack(readMapping(text), macs, warn)
    case 'azure-imds':
      return networkFromAzure(networkOf(readMapping(text)), { nics: [], warn }) ?? { version: 2, ethernets: {} }
    case 'vmware-imc':
      return networkFromCustomization(text, { warn })
    case 'yaml':
      return parseYaml(text, 'network data')
  }
}

const readMapping = (text: string): JsonObject => {
  const value = parseYaml(text, 'network data')
  if (!isJsonObject(value)) throw new ConfigError('network data', 'must be a mapping')
  return value
}

const networkOf = (document: JsonObject): JsonObject => {
  const network = document['network']
  return isJsonObject(network) ? network : document
}
