import { DatasourceError } from '../../src/machine/errors.ts'
import { parseXml, textAtPath } from './xml.ts'

/** What the fabric wants of this machine, as far as reporting back needs it. */
export interface GoalState {
  readonly incarnation: string
  readonly containerId: string
  readonly instanceId: string
  readonly certificatesUrl: string | undefined
}

const roleInstance = 'Container/RoleInstanceList/RoleInstance'

/**
 * Reads a goal state.
 * @throws XmlError when it is not XML, DatasourceError when one of its ids is missing.
 */
export const readGoalState = async (document: Uint8Array): Promise<GoalState> => {
  const root = await parseXml(document)
  const needed = (path: string): string => {
    const text = textAtPath(root, path)
    if (text === undefined) throw new DatasourceError('Azure', `the wire server's goal state has no ${path}`)
    return text
  }
  return {
    incarnation: needed('Incarnation'),
    containerId: needed('Container/ContainerId'),
    instanceId: needed(`${roleInstance}/InstanceId`),
    certificatesUrl: textAtPath(root, `${roleInstance}/Configuration/Certificates`)?.trim(),
  }
}
