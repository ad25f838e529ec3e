import { dirname } from 'node:path'
import { networkConfig } from '../../datasources/digitalocean/network.ts'
import { readInterfaces, readMetadata } from '../../datasources/digitalocean/schema.ts'
import nocloud from '../../datasources/nocloud/index.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { fallbackNetwork } from '../../src/network/fallback.ts'
import { networkFromAliyun, networkFromAliyunPrimary } from '../../src/network/from-aliyun.ts'
import { networkFromAzure } from '../../src/network/from-azure.ts'
import { networkFromCloudcix } from '../../src/network/from-cloudcix.ts'
import { networkFromEc2, networkFromEc2Primary } from '../../src/network/from-ec2.ts'
import { networkFromHetzner } from '../../src/network/from-hetzner.ts'
import { networkFromLxd } from '../../src/network/from-lxd.ts'
import { networkFromNwcs } from '../../src/network/from-nwcs.ts'
import { networkFromOpennebula } from '../../src/network/from-opennebula.ts'
import { networkFromOpenstack } from '../../src/network/from-openstack.ts'
import { networkFromOracle } from '../../src/network/from-oracle.ts'
import { networkFromRbx } from '../../src/network/from-rbx.ts'
import { networkFromScaleway } from '../../src/network/from-scaleway.ts'
import { networkFromSmartos } from '../../src/network/from-smartos.ts'
import { networkFromUpcloud } from '../../src/network/from-upcloud.ts'
import { networkFromGuestinfo } from '../../src/network/from-vmware-guestinfo.ts'
import { networkFromCustomization } from '../../src/network/from-vmware-imc.ts'
import { networkFromVultr } from '../../src/network/from-vultr.ts'
import { candidateNics } from '../../src/network/nics.ts'
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
  aliyun: ({ metadata, params, interfaces }) => {
    const network = objectAt(metadata, 'network')
    if (params['apply_full_imds_network_config'] !== false) return networkFromAliyun(network, interfaces)
    const nic = interfaces.find(({ name }) => name === params['fallback_nic'])
    return nic === undefined ? undefined : networkFromAliyunPrimary(network, nic)
  },
  cloudcix: ({ metadata }) => networkFromCloudcix(metadata),
  fallback: ({ params, sysfs }) => {
    const machine = sysfsMachine(sysfs)
    return {
      candidate_nics: candidateNics(machine).map(({ name }) => name),
      network_config: fallbackNetwork(machine, { withDriver: params['config_driver'] === true }) ?? null,
    }
  },
  hetzner: ({ metadata, interfaces }) =>
    networkFromHetzner(metadata['network-config'], metadata['private-networks'], interfaces),
  lxd: ({ metadata, params }) =>
    networkFromLxd(metadata['network-config'], {
      fallbackNic: textAt(params, 'fallback_nic'),
      virtualisation: textAt(params, 'virt_type'),
      machine: textAt(params, 'machine'),
    }),
  nwcs: ({ metadata, interfaces }) => networkFromNwcs(objectAt(metadata, 'network'), interfaces),
  opennebula: ({ metadata, interfaces }) => networkFromOpennebula(objectAt(metadata, 'context'), { nics: interfaces }),
  oracle: ({ metadata, params, interfaces }) =>
    networkFromOracle(metadata['vnics'], {
      nics: interfaces.map(({ name, mac, raw }) => ({ name, mac, isFailoverMaster: raw['netfail_master'] === true })),
      initramfs: isJsonObject(params['initramfs_network_config']) ? params['initramfs_network_config'] : undefined,
      secondaryNics: params['configure_secondary_nics'] === true,
      isIscsiRoot: params['iscsi_root'] === true,
    }),
  rbx: ({ metadata }) => networkFromRbx(listAt(metadata, 'netadp')),
  scaleway: ({ metadata, params }) =>
    networkFromScaleway(listAt(metadata, 'public_ips'), {
      nic: textAt(params, 'fallback_nic') ?? '',
      dhcpAddress: textAt(params, 'ephemeral_fixed_address'),
    }),
  smartos: ({ metadata }) =>
    networkFromSmartos({
      nics: listAt(metadata, 'sdc:nics'),
      resolvers: metadata['sdc:resolvers'],
      domain: metadata['sdc:dns_domain'],
      routes: metadata['sdc:routes'],
    }),
  upcloud: ({ metadata, interfaces }) => networkFromUpcloud(objectAt(metadata, 'network'), interfaces),
  'vmware-guestinfo': ({ metadata, params }) =>
    networkFromGuestinfo(textAt(metadata, 'guestinfo.metadata') ?? '') ?? params['fallback_network_config'],
  'vmware-imc': ({ metadata, params, interfaces }) =>
    networkFromCustomization(textAt(metadata, 'cust.cfg') ?? '', {
      ...(params['use_system_devices'] === true && { nics: interfaces }),
    }),
  vultr: ({ metadata, interfaces }) => networkFromVultr(metadata, interfaces),
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

const listAt = (object: JsonObject, key: string): Json[] => {
  const value = object[key]
  return Array.isArray(value) ? value : []
}

/** A machine whose /sys/class/net is as recorded: text, `{"directory": true}` or `{"symlink": target}` by attribute. */
const sysfsMachine = (sysfs: JsonObject): Machine => {
  const machine = memoryMachine()
  for (const name of Object.keys(sysfs)) {
    for (const [attribute, value] of Object.entries(objectAt(sysfs, name))) {
      const path = `/sys/class/net/${name}/${attribute}`
      if (!isJsonObject(value)) machine.files.write(path, String(value))
      else if (typeof value['symlink'] === 'string') {
        machine.files.makeFolder(dirname(path))
        machine.files.symlink(value['symlink'], path)
      } else machine.files.makeFolder(path)
    }
  }
  return machine
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
