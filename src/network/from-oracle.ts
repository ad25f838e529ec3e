import { isJsonObject, type Json, type JsonObject, textAt } from '../machine/json.ts'
import { nameOfMac } from './host-nics.ts'
import type { HostNic } from './parse/v2.ts'

export interface OracleNic extends HostNic {
  /** The master of a failover pair: it shares its MAC address with its members, so it can't be told by it. */
  readonly isFailoverMaster?: boolean
}

export interface OracleOptions {
  readonly nics: readonly OracleNic[]
  /** Configuration of the interfaces that the initramfs brought up, version 1; undefined when it brought up none. */
  readonly initramfs?: JsonObject | undefined
  /** Datasource setting configure_secondary_nics: beside what the initramfs did. */
  readonly secondaryNics?: boolean
  /** The root file system is reached over the first interface, which must not go down. */
  readonly isIscsiRoot?: boolean
  readonly warn?: (message: string) => void
}

/** Oracle Cloud's networks take jumbo frames. */
const mtu = 9000

/**
 * Converts `vnics` of Oracle's metadata (OCI, instance metadata service version 2) to network config version 1: DHCP on
 * the first, static addresses on the others.
 */
export const networkFromOracle = (vnics: Json | undefined, options: OracleOptions): JsonObject => {
  const warn = options.warn ?? (() => {})
  const config = (options.initramfs === undefined ? [] : entriesOf(options.initramfs)).map((entry) =>
    isFailover(entry, options.nics) ? withoutMac(entry) : entry,
  )
  const isPrimaryMissing = options.initramfs === undefined
  if (isPrimaryMissing || options.secondaryNics === true) {
    const list = Array.isArray(vnics) ? vnics.filter(isJsonObject) : undefined
    if (list === undefined) warn('the metadata has no vnics')
    config.push(...devicesOf(list ?? [], isPrimaryMissing, options, warn))
  }
  const [first, ...others] = config
  const kept = first !== undefined && options.isIscsiRoot === true ? { ...first, keep_configuration: true } : first
  return { version: 1, config: kept === undefined ? [] : [kept, ...others] }
}

const entriesOf = (document: JsonObject): JsonObject[] => {
  const config = document['config']
  return Array.isArray(config) ? config.filter(isJsonObject) : []
}

const isFailover = (entry: JsonObject, nics: readonly OracleNic[]): boolean =>
  nics.some(({ name, isFailoverMaster }) => isFailoverMaster === true && name === entry['name'])

const withoutMac = ({ mac_address: _mac, ...entry }: JsonObject): JsonObject => entry

const devicesOf = (
  vnics: readonly JsonObject[],
  withPrimary: boolean,
  { nics }: OracleOptions,
  warn: (message: string) => void,
): JsonObject[] => {
  // Only bare metal has nicIndex; there the secondary VNICs are VLANs, which is more than can be done here.
  const isBareMetal = vnics[0]?.['nicIndex'] !== undefined
  if (isBareMetal && vnics.length > 1) warn('this is bare metal: its secondary VNICs are not configured')
  return vnics.flatMap((vnic, index): JsonObject[] => {
    const isPrimary = index === 0
    if (isPrimary ? !withPrimary : isBareMetal) return []
    const mac = (textAt(vnic, 'macAddr') ?? '').toLowerCase()
    const name = nameOfMac(nics, mac)
    if (name === undefined) {
      warn(`vnics[${index}]: no interface of this machine has the MAC ${mac}; it is left out`)
      return []
    }
    const subnets = isPrimary ? [{ type: 'dhcp' }] : staticSubnets(vnic)
    return [{ name, type: 'physical', mac_address: mac, mtu, subnets }]
  })
}

const staticSubnets = (vnic: JsonObject): JsonObject[] => {
  const prefix = (key: string): string => textAt(vnic, key)?.split('/')[1] ?? ''
  const ipv4 = textAt(vnic, 'privateIp')
  const ipv6 = vnic['ipv6Addresses']
  return [
    ...(ipv4 === undefined ? [] : [{ type: 'static', address: `${ipv4}/${prefix('subnetCidrBlock') || 24}` }]),
    ...(Array.isArray(ipv6) && ipv6.length > 0
      ? [{ type: 'static', address: `${ipv6[0]}/${prefix('ipv6SubnetCidrBlock') || 64}` }]
      : []),
  ]
}
