import { escapeText } from '../xml.ts'

/** How provisioning stands: Ready, or NotReady with a reason. */
export interface AgentHealth {
  readonly status: string
  /** `Provisioning`, `ProvisioningFailed` ... */
  readonly subStatus?: string
  readonly description?: string
}

export interface Role {
  readonly containerId: string | undefined
  readonly instanceId: string | undefined
}

/** The wire server takes 4096 bytes; a tenth is left for what escaping adds. */
const longestDescription = 3686

const declaration = '<?xml version="1.0" encoding="utf-8"?>'
/** The fabric has always been sent this word for what is not there. */
const absent = 'None'

const shown = (text: string | undefined): string => escapeText(text ?? absent)

/** The health report as WALinuxAgent words it: on one line. */
export const agentHealthReport = (role: Role, incarnation: string, health: AgentHealth): string => {
  const description = health.description && [...health.description].slice(0, longestDescription).join('')
  const details =
    health.subStatus === undefined
      ? ''
      : `<Details><SubStatus>${escapeText(health.subStatus)}</SubStatus><Description>${shown(description)}</Description></Details>`
  return [
    declaration,
    '<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">',
    `<GoalStateIncarnation>${escapeText(incarnation)}</GoalStateIncarnation>`,
    `<Container><ContainerId>${shown(role.containerId)}</ContainerId><RoleInstanceList><Role>`,
    `<InstanceId>${shown(role.instanceId)}</InstanceId>`,
    `<Health><State>${escapeText(health.status)}</State>${details}</Health>`,
    '</Role></RoleInstanceList></Container></Health>',
  ].join('')
}

/** Tells the fabric the fingerprint of the SSH host key. */
export const thumbprintReport = (role: Role, thumbprint: string): string =>
  [
    declaration,
    `<RoleProperties><Container><ContainerId>${shown(role.containerId)}</ContainerId>`,
    `<RoleInstances><RoleInstance><Id>${shown(role.instanceId)}</Id><Properties>`,
    `<Property name="CertificateThumbprint" value="${escapeText(thumbprint).replaceAll('"', '&quot;')}" />`,
    '</Properties></RoleInstance></RoleInstances></Container></RoleProperties>',
  ].join('')
