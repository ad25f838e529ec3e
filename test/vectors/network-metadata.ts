import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { networkFromAzure } from '../../src/network/from-azure.ts'
import { networkFromEc2, networkFromEc2Primary } from '../../src/network/from-ec2.ts'
import { networkFromOpenstack } from '../../src/network/from-openstack.ts'

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
  openstack: ({ metadata, interfaces }) =>
    networkFromOpenstack(
      objectAt(metadata, 'network_data.json'),
      interfaces.map(({ name, mac, raw }) => {
        const address = textAt(raw, 'ib_hwaddr')
        return { name, mac, ...(address === undefined ? {} : { infinibandAddress: address }) }
      }),
    ),
}

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
