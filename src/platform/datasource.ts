import type { InstanceData } from '../instance/instance-data.ts'
import type { Paths } from '../instance/paths.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { Platform } from './platform.ts'

/** A cloud, as a plain object of capabilities. Made by defineDatasource; registered in datasources/index.ts. */
export interface Datasource {
  /** cloud-init's name, as in datasource_list: `Ec2`, `DigitalOcean`. */
  readonly id: string
  /**
   * The passes in which it can run: `local` before the network is up (disks, or a temporary lease that it asks for
   * itself), `network` after. Both: tried in local first.
   */
  readonly stages: readonly DatasourceStage[]
  /** The datasource's own check that this is its cloud, before anything is asked; true when it can't tell. */
  detect(context: DatasourceContext): boolean | Promise<boolean>
  /**
   * Reads everything. undefined: this is not (or not now) the cloud.
   * @throws DatasourceError when the cloud is there but what it says is unusable.
   */
  fetch(context: DatasourceContext): Promise<InstanceData | undefined>
  /**
   * For how long a machine that is new to it asks again in the network stage, where `detect` says that this is its cloud
   * but nobody answers yet. Seconds; default 0: `fetch` itself waits as long as makes sense.
   */
  readonly patienceSeconds?: number
  /**
   * For how long the metadata may go on listing a new interface without all of its addresses: after hotplug it is asked
   * again for so long. Seconds; default 0.
   */
  readonly lateAddressSeconds?: number
  /** Tells the platform that provisioning succeeded or failed. Failing here is logged and tolerated. */
  ready?(context: DatasourceContext, report: ReadyReport): Promise<void>
  /** Cheap check at a later boot that the stored instance id is still this machine's. undefined: fetch again. */
  checkInstanceId?(context: DatasourceContext, storedId: string): boolean
  /** Publishes the SSH host keys to the platform: lines `type key`. */
  publishHostKeys?(context: DatasourceContext, hostKeys: readonly string[]): Promise<void>
  /** The block device behind a cloud's own name for a disk (`ephemeral0`, `swap`, `ami`); undefined when there is none. */
  deviceOf?(context: DatasourceContext, data: InstanceData, name: string): string | undefined
}

export type DatasourceStage = 'local' | 'network'

export interface DatasourceContext {
  readonly machine: Machine
  readonly platform: Platform
  readonly stage: DatasourceStage
  /** The mapping under `datasource.<id>` in the configuration; empty when there is none. */
  readonly settings: JsonObject
  /** The whole base configuration (built-in, cloud.cfg, cloud.cfg.d, command line). */
  readonly config: JsonObject
  readonly paths: Paths
  /** Distribution id: `debian`, `ubuntu`. */
  readonly distro: string
  /** Name of the default user (system_info.default_user.name). */
  readonly defaultUser: string | undefined
  /** The network renderer this machine will use: `netplan`, `networkd`, `eni`, `sysconfig`, `network-manager`. */
  readonly renderer: string
  /** Instance id of the previous boot, when there was one. */
  readonly previousInstanceId?: string
}

export type ReadyReport = { readonly success: true } | { readonly success: false; readonly description: string }

export const defineDatasource = (datasource: Datasource): Datasource => datasource
