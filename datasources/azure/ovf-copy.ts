import type { Machine } from '../../src/machine/machine.ts'
import { redactedPassword } from './ovf-env.ts'
import { escapeText, isElement, writeXml, type XmlElement } from './xml.ts'

/** The document as text with every password replaced. */
export const redactedCopy = (document: XmlElement): string => writeXml(redacted(document))

const redacted = (element: XmlElement): XmlElement => {
  if (element.name.includes('UserPassword')) {
    return { ...element, children: [redactedPassword, ...element.children.filter(isElement).map(redacted)] }
  }
  return { ...element, children: element.children.map((child) => (isElement(child) ? redacted(child) : child)) }
}

/** In place of a host name that nobody knows, as cloud-init writes it. */
export const unknownHostname = 'None'

/** The least that WALinuxAgent needs to take over, for a machine without provisioning media. */
export const minimalCopy = (profile: {
  readonly username: string | undefined
  readonly hostname: string | undefined
  readonly disablePasswordAuth: boolean | undefined
}): string => {
  const username = !profile.username ? '' : `<ns1:UserName>${escapeText(profile.username)}</ns1:UserName>`
  const disable =
    profile.disablePasswordAuth === undefined
      ? ''
      : `<ns1:DisableSshPasswordAuthentication>${profile.disablePasswordAuth}</ns1:DisableSshPasswordAuthentication>`
  const lines = [
    '<ns0:Environment xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure">',
    '  <ns1:ProvisioningSection>',
    '    <ns1:Version>1.0</ns1:Version>',
    '    <ns1:LinuxProvisioningConfigurationSet>',
    '      <ns1:ConfigurationSetType>LinuxProvisioningConfiguration',
    '      </ns1:ConfigurationSetType>',
    username && `      ${username}`,
    disable && `      ${disable}`,
    `      <ns1:HostName>${escapeText(profile.hostname ?? unknownHostname)}</ns1:HostName>`,
    '    </ns1:LinuxProvisioningConfigurationSet>',
    '  </ns1:ProvisioningSection>',
    '  <ns1:PlatformSettingsSection>',
    '    <ns1:Version>1.0</ns1:Version>',
    '    <ns1:PlatformSettings>',
    '      <ns1:ProvisionGuestAgent>true</ns1:ProvisionGuestAgent>',
    '    </ns1:PlatformSettings>',
    '  </ns1:PlatformSettingsSection>',
    '</ns0:Environment>',
  ]
  return lines.join('\n')
}

/** Leaves the copy where WALinuxAgent and the next boot look for it; readable by root alone. */
export const keepCopy = (machine: Machine, folder: string, copy: string): void => {
  machine.files.makeFolder(folder, { mode: 0o700 })
  machine.files.write(`${folder}/ovf-env.xml`, copy, { mode: 0o600 })
}
