import { messageOf } from '../../src/machine/errors.ts'
import { decodeBase64 } from './base64.ts'
import { ProvisioningFailure } from './failure.ts'
import { childrenNamed, parseXml, textOf, type XmlElement } from './xml.ts'

/** What the portal wrote on the provisioning media. */
export interface OvfEnv {
  readonly hostname: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** Decoded. */
  readonly customData: Uint8Array | undefined
  /** undefined: the document does not say. */
  readonly disablePasswordAuth: boolean | undefined
  readonly publicKeys: readonly OvfKey[]
  readonly preprovisioned: boolean
  readonly preprovisionedType: string | undefined
  /** The guest proxy agent must be ready before the metadata service is asked. */
  readonly waitsForProxyAgent: boolean
  /** The document itself, from which the redacted copy is written. */
  readonly document: XmlElement
}

export interface OvfKey {
  /** SHA-1 of a certificate in the goal state, in upper-case hex. */
  readonly fingerprint: string | undefined
  readonly path: string | undefined
  /** An OpenSSH public key; empty when the key is named by fingerprint. */
  readonly value: string
}

/** What stands in place of a password that was set already. */
export const redactedPassword = 'REDACTED'

export const azureNamespace = 'http://schemas.microsoft.com/windowsazure'
export const ovfNamespace = 'http://schemas.dmtf.org/ovf/environment/1'

const longestPassword = 72

/**
 * Reads ovf-env.xml. undefined: well-formed, but not Azure's (no ProvisioningSection).
 * @throws ProvisioningFailure when it can't be read, lacks a required element or has one twice.
 */
export const readOvfEnv = async (bytes: Uint8Array): Promise<OvfEnv | undefined> => {
  const document = await parseXml(bytes).catch((error: unknown) => {
    throw new ProvisioningFailure(`error parsing ovf-env.xml: ${messageOf(error)}`)
  })
  if (named(document, 'ProvisioningSection').length === 0) return undefined
  const provisioning = required(document, 'ProvisioningSection')
  const configuration = required(provisioning, 'LinuxProvisioningConfigurationSet')
  const customData = decodedCustomData(textOf(optional(configuration, 'CustomData')))
  const username = textOf(optional(configuration, 'UserName'))
  const password = checkedPassword(textOf(optional(configuration, 'UserPassword')))
  const hostname = textOf(required(configuration, 'HostName'))
  const disablePasswordAuth = flag(optional(configuration, 'DisableSshPasswordAuthentication'))
  const publicKeys = keysOf(configuration)
  const settings = required(required(document, 'PlatformSettingsSection'), 'PlatformSettings')
  return {
    document,
    hostname,
    username,
    password,
    customData,
    disablePasswordAuth,
    publicKeys,
    preprovisioned: flag(optional(settings, 'PreprovisionedVm')) ?? false,
    preprovisionedType: textOf(optional(settings, 'PreprovisionedVMType')),
    waitsForProxyAgent: flag(optional(settings, 'ProvisionGuestProxyAgent')) ?? false,
  }
}

const unexpected = (what: string): ProvisioningFailure =>
  new ProvisioningFailure(`unexpected metadata parsing ovf-env.xml: ${what}`)

const named = (parent: XmlElement, name: string): XmlElement[] => childrenNamed(parent, name, azureNamespace)

const optional = (parent: XmlElement, name: string): XmlElement | undefined => {
  const found = named(parent, name)
  if (found.length > 1) throw unexpected(`multiple configuration matches for '${name}' (${found.length})`)
  return found[0]
}

const required = (parent: XmlElement, name: string): XmlElement => {
  const found = optional(parent, name)
  if (!found) throw unexpected(`missing configuration for '${name}'`)
  return found
}

const flag = (element: XmlElement | undefined): boolean | undefined =>
  element && ['true', '1', 'on', 'yes'].includes((textOf(element) ?? '').trim().toLowerCase())

const decodedCustomData = (text: string | undefined): Uint8Array | undefined => {
  if (text === undefined) return undefined
  const bytes = decodeBase64(text)
  if (!bytes) throw new TypeError('CustomData in ovf-env.xml is not base64')
  return bytes
}

const checkedPassword = (password: string | undefined): string | undefined => {
  const length = password === undefined ? 0 : [...password].length
  if (length <= longestPassword) return password
  throw new ProvisioningFailure(`unsupported password length=${length} max=${longestPassword}`, {
    length,
    max_length: longestPassword,
  })
}

const keysOf = (configuration: XmlElement): OvfKey[] => {
  const ssh = optional(configuration, 'SSH')
  const section = ssh && optional(ssh, 'PublicKeys')
  if (!section) return []
  return named(section, 'PublicKey').map((key) => ({
    fingerprint: textOf(optional(key, 'Fingerprint')),
    path: textOf(optional(key, 'Path')),
    value: textOf(optional(key, 'Value')) ?? '',
  }))
}
