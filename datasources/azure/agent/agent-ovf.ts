import { DatasourceError } from '../../../src/machine/errors.ts'
import { azureNamespace, ovfNamespace } from '../ovf-env.ts'
import { allNamed, parseXml, textOf, type XmlElement } from '../xml.ts'

/** ovf-env.xml as the guest agent reads it. */
export interface AgentOvf {
  readonly hostname: string
  readonly username: string
  readonly password: string | undefined
  /** As it stands there, not decoded. */
  readonly customData: string | undefined
  readonly disablePasswordAuth: boolean
  readonly publicKeys: readonly AgentOvfKey[]
  readonly keyPairs: readonly AgentOvfKey[]
  /** The text: `true` or `false`. */
  readonly provisionGuestAgent: string
}

export interface AgentOvfKey {
  readonly path: string | undefined
  readonly fingerprint: string | undefined
  readonly value: string | undefined
}

const inAzure = (root: XmlElement, name: string): XmlElement[] =>
  allNamed(root, name).filter(({ namespace }) => namespace === azureNamespace)

/** @throws XmlError, DatasourceError when a required element is missing. */
export const readAgentOvf = async (document: string | Uint8Array): Promise<AgentOvf> => {
  const root = await parseXml(document)
  if (root.name !== 'Environment' || root.namespace !== ovfNamespace) throw missing('Environment')
  const section = element(root, 'ProvisioningSection')
  text(root, 'Version')
  const configuration = element(section, 'LinuxProvisioningConfigurationSet')
  const platform = element(element(root, 'PlatformSettingsSection'), 'PlatformSettings')
  return {
    hostname: text(configuration, 'HostName'),
    username: text(configuration, 'UserName'),
    password: optional(configuration, 'UserPassword'),
    customData: optional(configuration, 'CustomData'),
    disablePasswordAuth: optional(configuration, 'DisableSshPasswordAuthentication')?.toLowerCase() === 'true',
    publicKeys: inAzure(configuration, 'PublicKey').map(keyOf),
    keyPairs: inAzure(configuration, 'KeyPair').map(keyOf),
    provisionGuestAgent: text(platform, 'ProvisionGuestAgent'),
  }
}

const missing = (name: string): DatasourceError => new DatasourceError('Azure', `ovf-env.xml has no ${name}`)

const element = (root: XmlElement, name: string): XmlElement => {
  const found = inAzure(root, name)[0]
  if (!found) throw missing(name)
  return found
}

const optional = (root: XmlElement, name: string): string | undefined => textOf(inAzure(root, name)[0])

const text = (root: XmlElement, name: string): string => {
  const found = optional(root, name)
  if (found === undefined) throw missing(name)
  return found
}

const keyOf = (key: XmlElement): AgentOvfKey => ({
  path: optional(key, 'Path'),
  fingerprint: optional(key, 'Fingerprint'),
  value: optional(key, 'Value'),
})
