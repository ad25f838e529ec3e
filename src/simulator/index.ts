import type { JsonObject } from '../machine/json.ts'
import { azure } from './azure.ts'
import type { CloudDefinition, CloudName, Identity, SimulatedCloud } from './cloud.ts'
import { digitalocean } from './digitalocean.ts'
import { ec2 } from './ec2.ts'
import type { Fault } from './faults.ts'
import { gce } from './gce.ts'
import { nocloud } from './nocloud.ts'
import { openstack, openstackService } from './openstack.ts'
import type { RequestRecord } from './request-log.ts'
import { serve } from './server.ts'

export { type CloudName, cloudNames } from './cloud.ts'
export type { Fault } from './faults.ts'
export { longestChain, type RequestRecord } from './request-log.ts'

/** Every cloud in a box: what a machine sees of it, without the cloud. */
const definitions: Readonly<Record<CloudName, CloudDefinition>> = {
  azure,
  digitalocean,
  ec2,
  gce,
  nocloud,
  openstack,
  'openstack-service': openstackService,
}

export const isCloudName = (name: string): name is CloudName => Object.hasOwn(definitions, name)

/** Two people who don't exist. */
const exampleKeys = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBR0P5Rc0pkG2+5B4M2JuM5LSIa4Lh0heguckX/iLo8 ada@example.test',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILi03nuJkaMDM4BMt3eeUGy5f5mJALrPb2iGgva7gwYs grace@example.test',
]

export interface SimulatedMachine {
  readonly cloud: CloudName
  readonly userData?: string | Uint8Array
  readonly vendorData?: string | Uint8Array
  /** OpenSSH public key lines; default: two examples. */
  readonly sshKeys?: readonly string[]
  readonly hostname?: string
  readonly instanceId?: string
}

export interface SimulatorOptions extends SimulatedMachine {
  /** Default: any free port. */
  readonly port?: number
  readonly delayMilliseconds?: number
  readonly fault?: Fault & { readonly paths?: RegExp }
}

export interface Simulation {
  readonly cloud: SimulatedCloud
  /** `http://127.0.0.1:PORT`; undefined when this cloud is a disk alone. */
  readonly address: string | undefined
  /** Every request so far, in order; grows. */
  readonly requests: readonly RequestRecord[]
  /** Configuration that leads the real datasource here: `{datasource_list: [...], datasource: {...}}`. */
  readonly config: JsonObject
  stop(): Promise<void>
}

/** The cloud as a machine sees it, without a server. */
export const createCloud = (machine: SimulatedMachine): SimulatedCloud => {
  const definition = definitions[machine.cloud]
  const { userData, vendorData } = machine
  const identity: Identity = {
    instanceId: machine.instanceId ?? definition.defaults.instanceId,
    hostname: machine.hostname ?? definition.defaults.hostname,
    sshKeys: machine.sshKeys ?? exampleKeys,
    ...(userData !== undefined && { userData: Buffer.from(userData) }),
    ...(vendorData !== undefined && { vendorData: Buffer.from(vendorData) }),
  }
  return definition.create(identity)
}

/**
 * Starts a cloud on loopback. Its disks and DMI fields are in `cloud`, for the caller to put into a made-up machine.
 *
 * @example
 * const simulation = await startSimulator({ cloud: 'ec2', userData: '#cloud-config\n{}\n' })
 * // ... a datasource with settings simulation.config ...
 * await simulation.stop()
 */
export const startSimulator = async (options: SimulatorOptions): Promise<Simulation> => {
  const cloud = createCloud(options)
  const requests: RequestRecord[] = []
  const { handle, datasource } = cloud
  if (!handle) {
    const config = { datasource_list: [datasource, 'None'] }
    return { cloud, address: undefined, requests, config, stop: async () => undefined }
  }
  const server = await serve({
    handle,
    requests,
    ...(options.port !== undefined && { port: options.port }),
    ...(options.delayMilliseconds !== undefined && { delayMilliseconds: options.delayMilliseconds }),
    ...(options.fault && { fault: options.fault }),
  })
  const address = `http://127.0.0.1:${server.port}`
  const config: JsonObject = {
    datasource_list: [datasource, 'None'],
    datasource: { [datasource]: cloud.settings?.(address) ?? {} },
  }
  return { cloud, address, requests, config, stop: server.stop }
}
