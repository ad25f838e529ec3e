import type { JsonObject } from '../machine/json.ts'

/** The clouds that exist in a box. `openstack` is its config drive, `openstack-service` its metadata service. */
export const cloudNames = ['gce', 'ec2', 'digitalocean', 'azure', 'openstack', 'openstack-service', 'nocloud'] as const
export type CloudName = (typeof cloudNames)[number]

/** Who the simulated machine is. */
export interface Identity {
  readonly instanceId: string
  /** With a domain, where the cloud gives one. */
  readonly hostname: string
  /** OpenSSH public key lines. */
  readonly sshKeys: readonly string[]
  readonly userData?: Uint8Array
  readonly vendorData?: Uint8Array
}

/** A request as a cloud's answer may depend on it. */
export interface SimulatedRequest {
  readonly method: string
  /** Without the query: `/metadata/instance`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface SimulatedAnswer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export type Handler = (request: SimulatedRequest) => SimulatedAnswer

/** A network interface that the machine has on this cloud. */
export interface SimulatedLink {
  readonly name: string
  /** `virtio_net`, `ena`, `hv_netvsc` */
  readonly driver: string
  readonly mac: string
  /** IPv4 address with prefix length: `10.128.0.5/32`. */
  readonly address: string
  readonly router: string
}

/** A disk that the cloud attaches. */
export interface SimulatedDisk {
  readonly device: string
  readonly label: string
  readonly type: string
  /** Path from its root -> content. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
}

/** One cloud, for one machine: what it shows the machine, and what it answers. */
export interface SimulatedCloud {
  /** cloud-init's name of the datasource that reads it. */
  readonly datasource: string
  /** DMI fields, by their names in /sys/class/dmi/id. */
  readonly dmi: Readonly<Record<string, string>>
  /** What systemd-detect-virt says there. */
  readonly virtualisation: string
  /** Kernel command line. */
  readonly cmdline: string
  readonly links: readonly SimulatedLink[]
  /** DHCP options beside address, mask and router, as dhclient names them. */
  readonly leaseOptions?: Readonly<Record<string, string>>
  /** Addresses at which the cloud's services answer, on port 80. */
  readonly serviceAddresses: readonly string[]
  /** Names that the cloud's DNS resolves. */
  readonly hosts?: Readonly<Record<string, string>>
  readonly disks?: readonly SimulatedDisk[]
  readonly handle?: Handler
  /** `datasource.<name>` in the configuration that leads the datasource to services at `base` instead (no final slash). */
  settings?(base: string): JsonObject
}

/** Makes a cloud for one machine. */
export interface CloudDefinition {
  readonly name: CloudName
  readonly defaults: Pick<Identity, 'instanceId' | 'hostname'>
  create(identity: Identity): SimulatedCloud
}

export const notFound: SimulatedAnswer = { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found\n' }

export const plain = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): SimulatedAnswer => ({
  headers: { 'content-type': 'text/plain', ...headers },
  body,
})

export const json = (value: unknown): SimulatedAnswer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

export const xml = (body: string): SimulatedAnswer => ({ headers: { 'content-type': 'text/xml; charset=utf-8' }, body })
