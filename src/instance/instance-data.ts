import type { Json, JsonObject } from '../machine/json.ts'

/**
 * What every cloud is normalised to: what a datasource's `fetch` returns. Only `instanceId` is required; a datasource
 * leaves out what its cloud does not say.
 */
export interface InstanceData {
  readonly instanceId: string
  /** As the cloud wrote it, perhaps with a domain; hostname and FQDN are derived in src/instance/hostname.ts. */
  readonly localHostname?: string
  /** OpenSSH public key lines, in the cloud's order. */
  readonly publicKeys?: readonly string[]
  readonly availabilityZone?: string
  readonly region?: string
  /** `aws`, `gce`, `azure`, `digitalocean`, `openstack`, `nocloud` ...; default: the datasource's id in lower case. */
  readonly cloudName?: string
  /** Default: cloudName. */
  readonly platform?: string
  /** How it was read: `metadata (http://169.254.169.254)`, `config-disk (/dev/sr0)`, `seed-dir (/var/...)`. */
  readonly subplatform?: string
  /** Canonical id where it differs from cloudName: `aws-china`, `azure-china` ... */
  readonly cloudId?: string
  readonly launchIndex?: Json
  /** `net` (default), `local`, `pass`, `disabled`. */
  readonly dsmode?: string
  /** Bytes as the cloud handed them out, with only the cloud's own encoding (base64 where its protocol says so) undone. */
  readonly userData?: Uint8Array
  /** Text (bytes), a list or a mapping, as delivered. */
  readonly vendorData?: Uint8Array | Json
  readonly vendorData2?: Uint8Array | Json
  /** Network config v1 or v2 as data. undefined: the datasource says nothing (fallback). */
  readonly networkConfig?: JsonObject
  /** Where network config is looked for, most important first, where it is not the usual order. */
  readonly networkConfigSources?: readonly string[]
  /** Configuration the datasource adds, below user-data and vendor-data (Azure's password, disk_setup ...). */
  readonly config?: JsonObject
  /** Update events that the datasource enables by default: scope -> events. */
  readonly updateEvents?: Readonly<Record<string, readonly string[]>>
  /** The whole of what the cloud said, as cloud-init shows it under `ds.meta_data`. */
  readonly metadata?: JsonObject
  /** More keys for `ds` in instance-data.json beside meta_data (`ds.ec2_metadata`, `ds.v1` ...). */
  readonly extra?: JsonObject
  /** The whole of `ds` in instance-data.json, where it is not `meta_data` and `extra`. */
  readonly ds?: JsonObject
  /** Paths in instance-data that only root may read: `ds/meta_data/security-credentials`. */
  readonly sensitiveKeys?: readonly string[]
  /** Files the cloud asks to have written at the first boot (OpenStack `files`): path -> content. */
  readonly injectedFiles?: Readonly<Record<string, Uint8Array>>
  /** What the instance id is compared with at the next boot, without asking the cloud again. undefined: ask again. */
  readonly checkInstanceId?: boolean
  /** The link by which the metadata was reached, for the fallback network configuration. */
  readonly fallbackLink?: string
}
