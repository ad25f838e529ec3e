import type { GoalState } from './goal-state.ts'
import { escapeText } from './xml.ts'

const longestDescription = 512

/** The health report that tells the fabric how provisioning ended, as cloud-init words it. undefined: it succeeded. */
export const healthReport = (goalState: GoalState, failure: string | undefined): string => {
  const details =
    failure === undefined
      ? ''
      : [
          '<Details>',
          '  <SubStatus>ProvisioningFailed</SubStatus>',
          `  <Description>${escapeText([...failure].slice(0, longestDescription).join(''))}</Description>`,
          '</Details>',
          '',
        ].join('\n')
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<Health xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">',
    `  <GoalStateIncarnation>${escapeText(goalState.incarnation)}</GoalStateIncarnation>`,
    '  <Container>',
    `    <ContainerId>${escapeText(goalState.containerId)}</ContainerId>`,
    '    <RoleInstanceList>',
    '      <Role>',
    `        <InstanceId>${escapeText(goalState.instanceId)}</InstanceId>`,
    '        <Health>',
    `          <State>${failure === undefined ? 'Ready' : 'NotReady'}</State>`,
    `          ${details}`,
    '        </Health>',
    '      </Role>',
    '    </RoleInstanceList>',
    '  </Container>',
    '</Health>',
    '',
  ].join('\n')
}
