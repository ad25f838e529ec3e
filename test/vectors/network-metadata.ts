import { networkConfig } from '../../datasources/digitalocean/network.ts'
import { readInterfaces, readMetadata } from '../../datasources/digitalocean/schema.ts'
import nocloud from '../../datasources/nocloud/index.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { networkFromAzure } from '../../src/network/from-azure.ts'
import { networkFromEc2, networkFromEc2Primary } from '../../src/network/from-ec2.ts'
import { networkFromOpenstack } from '../../src/network/from-openstack.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'
import type { Platform } from '../../src/platform/platform.ts'

/** One recorded case: a cloud's metadata, the machine's interfaces, and the parameters of the conversion. */
export interface MetadataCase {
  readonly metadata: JsonObject
  readonly params: JsonObject
  readonly interfaces: readonly RecordedNic[]
  /** Interface -> attribute below /sys/class/net/<interface>/ -> contents. */
  readonly sysfs: JsonObject
}

export interface RecordedNic {
  readonly name: string
  readonly mac: string
  readonly driver?: string
  readonly raw: JsonObject
}

export type Conversion = (recorded: MetadataCase) => Json | undefined | Promise<Json | undefined>

/** Cloud -> the real conversion of its metadata to network config. */
export const conversions: Readonly<Record<string, Conversion>> = {
  azure: ({ metadata, params, interfaces }) =>
    networkFromAzure(objectAt(metadata, 'network'), {
      nics: interfaces,
      secondaryAddresses: params['apply_network_config_for_secondary_ips'] !== false,
      setName: params['apply_network_config_set_name'] !== false,
    }),
  digitalocean: ({ metadata, interfaces }) => {
    const droplet = readMetadata(metadata, '')
    const names = new Map(interfaces.map(({ mac, name }) => [mac.toLowerCase(), name]))
    return droplet.interfaces && networkConfig(readInterfaces(droplet.interfaces), droplet.nameservers, names)
  },
  ec2: ({ metadata, params, interfaces }) => {
    const network = objectAt(metadata, 'network')
    if (params['apply_full_imds_network_config'] === false) {
      const nic = interfaces.find(({ name }) => name === params['fallback_nic'])
      return nic === undefined ? undefined : networkFromEc2Primary(network, nic)
    }
    const gateways = Object.entries(objectAt(params, 'dhcp_routers')).map(([nic, router]) => [nic, String(router)])
    return networkFromEc2(network, {
      nics: interfaces,
      order: params['fallback_nic_order'] === 'nic_name' ? 'name' : 'mac',
      policyRouting: params['renderer'] === 'netplan',
      gateways: Object.fromEntries(gateways),
    })
  },
  nocloud: async ({ metadata }) => {
    const text = (key: string): string => {
      const value = metadata[key]
      return typeof value === 'string' ? value : JSON.stringify(value)
    }
    const names = ['meta-data', 'network-config'].filter((name) => metadata[name] !== undefined)
    const seed = names.map((name) => [`/var/lib/cloud/seed/nocloud/${name}`, text(name)])
    const machine = memoryMachine({ files: { ...emptySeed, ...Object.fromEntries(seed) } })
    return (await nocloud.fetch(contextOf(machine, await gatherPlatform(machine))))?.networkConfig
  },
  openstack: ({ metadata, interfaces }) =>
    networkFromOpenstack(
      objectAt(metadata, 'network_data.json'),
      interfaces.map(({ name, mac, raw }) => {
        const address = textAt(raw, 'ib_hwaddr')
        return { name, mac, ...(address === undefined ? {} : { infinibandAddress: address }) }
      }),
    ),
}

const emptySeed = { '/var/lib/cloud/seed/nocloud/meta-data': '', '/var/lib/cloud/seed/nocloud/user-data': '' }

const contextOf = (machine: Machine, platform: Platform): DatasourceContext => ({
  machine,
  platform,
  stage: 'local',
  settings: {},
  config: {},
  paths: defaultPaths,
  distro: 'ubuntu',
  defaultUser: 'ubuntu',
  renderer: 'netplan',
})

export const readMetadataCase = (vector: JsonObject): MetadataCase => ({
  metadata: objectAt(vector, 'metadata'),
  params: objectAt(vector, 'params'),
  sysfs: objectAt(vector, 'sysfs'),
  interfaces: (Array.isArray(vector['interfaces']) ? vector['interfaces'] : []).filter(isJsonObject).map((raw) => {
    const driver = textAt(raw, 'driver')
    return {
      name: textAt(raw, 'name') ?? '',
      mac: textAt(raw, 'mac') ?? '',
      raw,
      ...(driver === undefined ? {} : { driver }),
    }
  }),
})
