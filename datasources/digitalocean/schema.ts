import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'

/** metadata/v1.json as far as it is used. Source: "Droplet Metadata", DigitalOcean API reference. */
export interface DropletMetadata {
  /** A number or text; the machine's serial number when it is missing. */
  readonly dropletId: Json
  readonly hostname: Json
  readonly publicKeys: Json
  readonly region: string
  readonly interfaces: JsonObject | undefined
  readonly userData: string | undefined
  readonly vendorData: Json
  readonly nameservers: readonly string[]
}

export interface DropletInterface {
  /** Lower case. */
  readonly mac: string
  /** `public` or `private`. */
  readonly type: string
  /** In the order in which they are configured. */
  readonly addresses: readonly DropletAddress[]
}

export interface DropletAddress {
  readonly address: string
  /** For IPv4. */
  readonly netmask: string | undefined
  /** For IPv6. */
  readonly prefix: number | undefined
  readonly gateway: string | undefined
  /** An anchor is where a reserved ("floating") address ends: it never has the default route. */
  readonly isAnchor: boolean
}

const textList = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []

/** @param serial the machine's serial number, which is the Droplet's id */
export const readMetadata = (document: JsonObject, serial: string): DropletMetadata => {
  const interfaces = document['interfaces']
  return {
    dropletId: document['droplet_id'] ?? serial,
    hostname: document['hostname'] === undefined ? serial : document['hostname'],
    publicKeys: document['public_keys'] ?? null,
    region: textAt(document, 'region') ?? 'default',
    interfaces: isJsonObject(interfaces) ? interfaces : undefined,
    userData: textAt(document, 'user_data'),
    vendorData: document['vendor_data'] ?? null,
    nameservers: textList(objectAt(document, 'dns')['nameservers']),
  }
}

const kinds = ['ipv4', 'ipv6', 'anchor_ipv4', 'anchor_ipv6'] as const

const readAddress = (nic: JsonObject, kind: string): DropletAddress[] => {
  const raw = nic[kind]
  const address = isJsonObject(raw) ? textAt(raw, 'ip_address') : undefined
  if (!isJsonObject(raw) || address === undefined) return []
  const prefix = Number(raw['cidr'])
  return [
    {
      address,
      netmask: textAt(raw, 'netmask'),
      prefix: Number.isInteger(prefix) ? prefix : undefined,
      gateway: textAt(raw, 'gateway'),
      isAnchor: kind.startsWith('anchor'),
    },
  ]
}

/** The first interface of each kind (`public`, `private`): a Droplet has one of each. */
export const readInterfaces = (interfaces: JsonObject): DropletInterface[] =>
  Object.values(interfaces).flatMap((group) => {
    const nic = Array.isArray(group) ? group[0] : undefined
    if (!isJsonObject(nic)) return []
    return [
      {
        mac: (textAt(nic, 'mac') ?? '').toLowerCase(),
        type: textAt(nic, 'type') ?? 'unknown',
        addresses: kinds.flatMap((kind) => readAddress(nic, kind)),
      },
    ]
  })
