import type { Identity } from './cloud.ts'

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const keyElements = (keys: readonly string[], user: string): string =>
  keys
    .map(
      (key) => `<PublicKey><Path>/home/${user}/.ssh/authorized_keys</Path><Value>${escaped(key)}</Value></PublicKey>`,
    )
    .join('')

/** ovf-env.xml as Azure writes it on the provisioning CD. User-data is its CustomData. */
export const ovfEnvironment = ({ hostname, userData, sshKeys, user }: Identity & { readonly user: string }): string => {
  const custom = userData ? `<CustomData>${Buffer.from(userData).toString('base64')}</CustomData>` : ''
  return `<?xml version="1.0" encoding="utf-8"?>
<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:oe="http://schemas.dmtf.org/ovf/environment/1" xmlns:wa="http://schemas.microsoft.com/windowsazure" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <wa:ProvisioningSection>
    <wa:Version>1.0</wa:Version>
    <LinuxProvisioningConfigurationSet xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
      <ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType>
      <UserName>${escaped(user)}</UserName>
      <DisableSshPasswordAuthentication>true</DisableSshPasswordAuthentication>
      <HostName>${escaped(hostname)}</HostName>
      <SSH><PublicKeys>${keyElements(sshKeys, user)}</PublicKeys></SSH>
      ${custom}
    </LinuxProvisioningConfigurationSet>
  </wa:ProvisioningSection>
  <wa:PlatformSettingsSection>
    <wa:Version>1.0</wa:Version>
    <PlatformSettings xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
      <KmsServerHostname>azkms.core.windows.net</KmsServerHostname>
      <ProvisionGuestAgent>false</ProvisionGuestAgent>
      <GuestAgentPackageName i:nil="true" />
      <PreprovisionedVm>false</PreprovisionedVm>
      <PreprovisionedVMType i:nil="true" />
    </PlatformSettings>
  </wa:PlatformSettingsSection>
</Environment>
`
}
