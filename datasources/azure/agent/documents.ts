import { DatasourceError } from '../../../src/machine/errors.ts'
import { allNamed, parseXml, textOf, type XmlElement } from '../xml.ts'

/** What the fabric tells the guest agent about the machine. Undefined: not asked for. */
export interface AgentGoalState {
  readonly incarnation: string
  readonly role?: {
    readonly containerId: string | undefined
    readonly instanceId: string | undefined
    readonly configName: string | undefined
  }
  readonly hosting?: HostingEnvironment
  readonly hasSharedConfig?: boolean
  /** Certificates that were written beside the agent's other files. */
  readonly certificates?: readonly { readonly thumbprint: string; readonly hasPrivateKey: boolean }[]
  readonly remoteAccess?: RemoteAccess
}

export interface HostingEnvironment {
  readonly vmName: string | undefined
  readonly roleName: string | undefined
  readonly deploymentName: string | undefined
}

export interface RemoteAccess {
  readonly version: string | undefined
  readonly incarnation: string | undefined
  readonly users: readonly {
    readonly name: string | undefined
    readonly encryptedPassword: string | undefined
    readonly expiration: string | undefined
  }[]
}

/** The goal state's own document, and the addresses of the others. */
export interface GoalStateDocument {
  readonly incarnation: string
  readonly hasRoleInstance: boolean
  readonly role: NonNullable<AgentGoalState['role']>
  readonly addressOf: (
    element: 'HostingEnvironmentConfig' | 'SharedConfig' | 'Certificates' | 'RemoteAccessInfo',
  ) => string | undefined
}

/** Text of the first element of that name at any depth. */
export const firstText = (root: XmlElement | undefined, name: string): string | undefined =>
  root && textOf(allNamed(root, name)[0])

export const readGoalStateDocument = async (bytes: Uint8Array): Promise<GoalStateDocument> => {
  const root = await parseXml(bytes)
  const incarnation = firstText(root, 'Incarnation')
  if (incarnation === undefined) throw new DatasourceError('Azure', 'the goal state has no Incarnation')
  const instance = allNamed(root, 'RoleInstance')[0]
  return {
    incarnation,
    hasRoleInstance: instance !== undefined,
    role: {
      containerId: firstText(root, 'ContainerId'),
      instanceId: firstText(instance, 'InstanceId'),
      configName: firstText(instance, 'ConfigName'),
    },
    addressOf: (element) => firstText(root, element)?.trim(),
  }
}

export const readHostingEnvironment = async (bytes: Uint8Array): Promise<HostingEnvironment> => {
  const root = await parseXml(bytes)
  const attribute = (element: string, name: string): string | undefined =>
    allNamed(root, element)[0]?.attributes.find((candidate) => candidate.name === name)?.value
  return {
    vmName: attribute('Incarnation', 'instance'),
    roleName: attribute('Role', 'name'),
    deploymentName: attribute('Deployment', 'name'),
  }
}

export const readRemoteAccess = async (bytes: Uint8Array): Promise<RemoteAccess> => {
  const root = await parseXml(bytes)
  return {
    version: firstText(root, 'Version'),
    incarnation: firstText(root, 'Incarnation'),
    users: allNamed(root, 'User').map((user) => ({
      name: firstText(user, 'Name'),
      encryptedPassword: firstText(user, 'Password'),
      expiration: firstText(user, 'Expiration'),
    })),
  }
}

/** The protocol version to speak: the fabric must prefer or support it. */
export const agreedVersion = async (bytes: Uint8Array, ours: string): Promise<string> => {
  const root = await parseXml(bytes)
  const offered = allNamed(root, 'Version').map(textOf)
  if (offered.includes(ours)) return ours
  throw new DatasourceError('Azure', `the wire server does not speak version ${ours}, but ${offered.join(', ')}`)
}
