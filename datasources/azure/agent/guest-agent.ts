import { DatasourceError, HttpStatusError, messageOf } from '../../../src/machine/errors.ts'
import { jsonObjectOf } from '../../../src/machine/http-retry.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { type AzureCertificate, pemBody, readCertificates } from '../certificates.ts'
import { lastingTransportKey } from '../transport-key.ts'
import { call } from './call.ts'
import { type Compute, readCompute } from './compute.ts'
import {
  type AgentGoalState,
  agreedVersion,
  type GoalStateDocument,
  readGoalStateDocument,
  readHostingEnvironment,
  readRemoteAccess,
} from './documents.ts'
import { type AgentHealth, agentHealthReport, thumbprintReport } from './reports.ts'

export type GoalStatePart = 'RoleConfig' | 'HostingEnv' | 'SharedConfig' | 'Certificates' | 'RemoteAccessInfo'

/** The wire protocol as the guest agent (WALinuxAgent) speaks it, over the life of a machine. */
export interface GuestAgent {
  /** The protocol version both sides speak. @throws DatasourceError when there is none. */
  version(): Promise<string>
  /** Those parts of the goal state; read again only when its incarnation has changed. */
  goalState(parts: readonly GoalStatePart[]): Promise<AgentGoalState>
  /** Both need a goal state that was read before. */
  reportHealth(health: AgentHealth): Promise<void>
  reportThumbprint(thumbprint: string): Promise<void>
  /** `compute` of the instance metadata. */
  compute(): Promise<Compute>
}

const protocolVersion = '2012-11-30'
const headers = { 'x-ms-agent-name': 'WALinuxAgent', 'x-ms-version': protocolVersion }
const xmlHeaders = { ...headers, 'Content-Type': 'text/xml;charset=utf-8' }
const goalStateTries = 6

export const guestAgent = (
  machine: Machine,
  at: {
    /** Host of the wire server. */
    readonly wireServer: string
    /** `http://169.254.169.254/metadata` */
    readonly imdsUrl: string
    /** Where certificates and shared configuration are left: `/var/lib/waagent`. */
    readonly folder: string
  },
): GuestAgent => {
  const wire = `http://${at.wireServer}`
  let latest: AgentGoalState | undefined

  const secureHeaders = async (cipher: string) => {
    const key = await lastingTransportKey(machine, at.folder)
    const encryption = { 'x-ms-cipher-name': cipher, 'x-ms-guest-agent-public-x509-cert': pemBody(key.certificate) }
    return { ...headers, ...encryption }
  }

  /** A fresh machine's goal state may lack its role for a moment. */
  const document = async (): Promise<GoalStateDocument> => {
    for (let count = 0; count < goalStateTries; count += 1) {
      const response = await call(machine, { url: `${wire}/machine/?comp=goalstate`, headers })
      const read = await readGoalStateDocument(response.body)
      if (read.hasRoleInstance) return read
      await machine.clock.sleep(500)
    }
    throw new DatasourceError('Azure', 'the goal state has no RoleInstance')
  }

  const certificates = async (url: string): Promise<AzureCertificate[]> => {
    for (const cipher of ['AES128_CBC', 'DES_EDE3_CBC']) {
      try {
        const response = await call(machine, { url, headers: await secureHeaders(cipher) })
        return await readCertificates(response.body, await lastingTransportKey(machine, at.folder))
      } catch (error) {
        machine.log.warning(`certificates with ${cipher}: ${messageOf(error)}`)
      }
    }
    machine.log.error('the certificates of the goal state could not be had; what needs them will fail')
    return []
  }

  const keep = (name: string, content: string | Uint8Array): void =>
    machine.files.write(`${at.folder}/${name}`, content, { mode: 0o600 })

  const fetchPart = async (part: GoalStatePart, from: GoalStateDocument): Promise<Partial<AgentGoalState>> => {
    if (part === 'RoleConfig') return { role: from.role }
    if (part === 'Certificates') {
      const url = from.addressOf('Certificates')
      const found = url === undefined ? [] : await certificates(url)
      for (const { thumbprint, pem, privateKey } of found) {
        keep(`${thumbprint}.crt`, pem)
        if (privateKey !== undefined) keep(`${thumbprint}.prv`, privateKey)
      }
      const summary = found.map(({ thumbprint, privateKey }) => ({
        thumbprint,
        hasPrivateKey: privateKey !== undefined,
      }))
      return { certificates: summary }
    }
    if (part === 'RemoteAccessInfo') {
      const url = from.addressOf('RemoteAccessInfo')
      if (url === undefined) return {}
      const response = await call(machine, { url, headers: await secureHeaders('AES128_CBC') })
      return { remoteAccess: await readRemoteAccess(response.body) }
    }
    const element = part === 'HostingEnv' ? 'HostingEnvironmentConfig' : 'SharedConfig'
    const url = from.addressOf(element)
    if (url === undefined) throw new DatasourceError('Azure', `the goal state has no ${element}`)
    const { body } = await call(machine, { url, headers })
    if (part === 'HostingEnv') return { hosting: await readHostingEnvironment(body) }
    // Read by software of others.
    keep('SharedConfig.xml', body)
    return { hasSharedConfig: true }
  }

  const known = (): AgentGoalState => {
    if (!latest) throw new DatasourceError('Azure', 'no goal state was read yet')
    return latest
  }
  const role = () => known().role ?? { containerId: undefined, instanceId: undefined }

  return {
    version: async () => {
      const { body } = await call(machine, { url: `${wire}/?comp=versions` })
      return agreedVersion(body, protocolVersion)
    },
    goalState: async (parts) => {
      const from = await document()
      if (latest?.incarnation === from.incarnation) return latest
      let state: AgentGoalState = { incarnation: from.incarnation }
      for (const part of partOrder.filter((candidate) => parts.includes(candidate))) {
        state = { ...state, ...(await fetchPart(part, from)) }
      }
      latest = state
      return state
    },
    reportHealth: async (health) => {
      const body = agentHealthReport(role(), known().incarnation, health)
      const request = { method: 'POST' as const, url: `${wire}/machine?comp=health`, headers: xmlHeaders, body }
      await call(machine, request, { tries: 30, delaySeconds: 15 })
    },
    reportThumbprint: async (thumbprint) => {
      const url = `${wire}/machine?comp=roleProperties`
      const body = thumbprintReport(role(), thumbprint)
      const { status } = await call(machine, { method: 'POST', url, headers: xmlHeaders, body })
      if (status !== 202) throw new HttpStatusError(url, status, `status ${status} instead of 202`)
    },
    compute: async () => {
      const url = `${at.imdsUrl}/instance/compute?api-version=2018-02-01`
      return readCompute(jsonObjectOf(await call(machine, { url, headers: { Metadata: 'True' } })))
    },
  }
}

const partOrder: readonly GoalStatePart[] = [
  'RoleConfig',
  'HostingEnv',
  'SharedConfig',
  'Certificates',
  'RemoteAccessInfo',
]
