import { type AgentOvf, type AgentOvfKey, readAgentOvf } from '../../datasources/azure/agent/agent-ovf.ts'
import type { AgentGoalState } from '../../datasources/azure/agent/documents.ts'
import { type GoalStatePart, type GuestAgent, guestAgent } from '../../datasources/azure/agent/guest-agent.ts'
import { messageOf } from '../../src/machine/errors.ts'
import type { HttpRequest } from '../../src/machine/http.ts'
import { type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import { transportKeyFiles } from './datasource-azure.ts'
import { objectsAt, textsAt } from './datasource-case.ts'
import { recordedCloud } from './datasource-http.ts'
import { differences, type VectorRunner } from './family.ts'

/** Azure's wire protocol as the guest agent speaks it: operations in order, compared with all that was recorded. */

const folder = '/var/lib/waagent'

const machineOf = (vector: JsonObject): MemoryMachine => {
  const cloud = recordedCloud(vector)
  return memoryMachine({ files: transportKeyFiles(vector), http: (request) => cloud(request) })
}

const goalStateOutcome = (machine: MemoryMachine, state: AgentGoalState, parts: readonly string[]): JsonObject => ({
  incarnation: state.incarnation,
  'container-id': state.role?.containerId ?? null,
  'role-instance-id': state.role?.instanceId ?? null,
  'role-config-name': state.role?.configName ?? null,
  ...(state.hosting && {
    'hosting-env': {
      'vm-name': state.hosting.vmName ?? null,
      'role-name': state.hosting.roleName ?? null,
      'deployment-name': state.hosting.deploymentName ?? null,
    },
  }),
  ...(parts.includes('Certificates') && {
    certificates: (state.certificates ?? []).map((certificate) => ({ ...certificate })),
    'certificate-files': machine.files.list(folder).filter((name) => /\.(crt|prv)$/.test(name)),
  }),
  ...(parts.includes('SharedConfig') && { 'shared-config-file': machine.files.exists(`${folder}/SharedConfig.xml`) }),
  ...(state.remoteAccess && {
    'remote-access': {
      version: state.remoteAccess.version ?? null,
      incarnation: state.remoteAccess.incarnation ?? null,
      users: state.remoteAccess.users.map(({ name, encryptedPassword, expiration }) => ({
        name: name ?? null,
        'encrypted-password': encryptedPassword ?? null,
        expiration: expiration ?? null,
      })),
    },
  }),
})

const ovfOutcome = (ovf: AgentOvf): JsonObject => {
  const parts = ({ path, fingerprint }: AgentOvfKey): Json[] => [path ?? null, fingerprint ?? null]
  return {
    hostname: ovf.hostname,
    username: ovf.username,
    password: ovf.password ?? null,
    customdata: ovf.customData ?? null,
    'disable-ssh-password-auth': ovf.disablePasswordAuth,
    'ssh-public-keys': ovf.publicKeys.map((key) => [...parts(key), key.value ?? null]),
    'ssh-keypairs': ovf.keyPairs.map(parts),
    'provision-guest-agent': ovf.provisionGuestAgent,
  }
}

/** What one operation adds to the outcome. */
const perform = async (machine: MemoryMachine, agent: GuestAgent, operation: JsonObject): Promise<JsonObject> => {
  const name = textAt(operation, 'op') ?? ''
  switch (name) {
    case 'versions':
      return { 'wire-version': await agent.version() }
    case 'goal-state':
    case 'goal-state-again': {
      const parts = textsAt(operation, 'properties')
      const state = await agent.goalState(parts as GoalStatePart[])
      return { [name]: goalStateOutcome(machine, state, parts) }
    }
    case 'report-health': {
      const [subStatus, description] = [textAt(operation, 'subStatus'), textAt(operation, 'description')]
      await agent.reportHealth({
        status: textAt(operation, 'status') ?? '',
        ...(subStatus !== undefined && { subStatus }),
        ...(description !== undefined && { description }),
      })
      return {}
    }
    case 'report-thumbprint':
      await agent.reportThumbprint(textAt(operation, 'thumbprint') ?? '')
      return {}
    case 'ovf-env':
      return { ovf: ovfOutcome(await readAgentOvf(textAt(operation, 'xml') ?? '')) }
    case 'imds-compute':
      return {
        imds: Object.fromEntries(Object.entries(await agent.compute()).map(([key, text]) => [key, text ?? null])),
      }
    default:
      throw new TypeError(`operation ${name}: not supported yet`)
  }
}

const requestOutcome = (request: HttpRequest): JsonObject => ({
  method: request.method ?? 'GET',
  url: request.url,
  ...(request.headers && { headers: { ...request.headers } }),
  ...(request.body !== undefined && { body: Buffer.from(request.body).toString('utf8') }),
  timeout: request.timeoutSeconds ?? null,
})

/** Equal neighbours as one, with their count. */
const counted = (requests: readonly JsonObject[]): JsonObject[] => {
  const groups: { request: JsonObject; count: number }[] = []
  for (const request of requests) {
    const last = groups.at(-1)
    if (last && differences(last.request, request).length === 0) last.count += 1
    else groups.push({ request, count: 1 })
  }
  return groups.map(({ request, count }) => (count === 1 ? request : { ...request, count }))
}

const run: VectorRunner = async (vector) => {
  const machine = machineOf(vector)
  const agent = guestAgent(machine, { wireServer: '168.63.129.16', imdsUrl: 'http://169.254.169.254/metadata', folder })
  let outcome: JsonObject = { result: 'ok' }
  let error: string | undefined
  for (const operation of objectsAt(vector, 'operations')) {
    try {
      outcome = { ...outcome, ...(await perform(machine, agent, operation)) }
    } catch (thrown) {
      outcome = { ...outcome, result: 'error' }
      error = messageOf(thrown)
      break
    }
  }
  const { error: _text, requests: _requests, delays: _delays, ...wanted } = objectAt(vector, 'expected')
  const found = [
    ...differences(wanted, outcome),
    ...differences(
      objectsAt(objectAt(vector, 'expected'), 'requests'),
      counted(machine.requests.map(requestOutcome)),
      'requests',
    ),
    ...differences(
      objectAt(vector, 'expected')['delays'] ?? [],
      machine.clock.slept.map((milliseconds) => milliseconds / 1000),
      'delays',
    ),
  ]
  return found.length > 0 && error !== undefined ? [...found, `  error: ${error}`] : found
}

export default run
