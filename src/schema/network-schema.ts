import type { SchemaNode } from '../cloudconfig/schema-node.ts'
import { isJsonObject, type Json } from '../machine/json.ts'

const text: SchemaNode = { type: 'string' }
const texts: SchemaNode = { type: 'array', items: text }
const whole: SchemaNode = { type: 'integer' }
const mtu: SchemaNode = { type: ['integer', 'null'] }

const route: SchemaNode = {
  type: 'object',
  properties: { network: text, netmask: text, destination: text, gateway: text, metric: whole },
}

const subnet: SchemaNode = {
  type: 'object',
  required: ['type'],
  additionalProperties: false,
  properties: {
    type: {
      type: 'string',
      enum: [
        'dhcp4',
        'dhcp',
        'dhcp6',
        'static',
        'static6',
        'ipv6_dhcpv6-stateful',
        'ipv6_dhcpv6-stateless',
        'ipv6_slaac',
        'manual',
      ],
    },
    control: { type: 'string', enum: ['manual', 'auto', 'hotplug'] },
    address: text,
    netmask: text,
    broadcast: text,
    gateway: text,
    dns_nameservers: texts,
    dns_search: texts,
    routes: { type: 'array', items: route },
    ipv4: { type: 'boolean' },
    ipv6: { type: 'boolean' },
    metric: whole,
    scope: text,
    pointopoint: text,
    mac_address: text,
  },
}

const subnets: SchemaNode = { type: 'array', items: subnet }
const onOff: SchemaNode = { type: 'string', enum: ['on', 'off'] }

const bondOptions = `active_slave ad_actor_key ad_actor_sys_prio ad_actor_system ad_partner_key ad_partner_mac ad_select
  ad_user_port_key all_slaves_active arp_interval arp_ip_target arp_validate arp_all_targets downdelay fail_over_mac
  lacp_rate lp_interval miimon min_links mode num_grat_arp num_unsol_na packets_per_slave primary primary_reselect
  resend_igmp slaves tlb_dynamic_lb updelay use_carrier xmit_hash_policy`.split(/\s+/)

const bondParameters = Object.fromEntries(
  bondOptions.flatMap((name) => [
    [`bond-${name}`, {}],
    [`bond-${name.replaceAll('_', '-')}`, {}],
  ]),
)

const bridgeParameters: Record<string, SchemaNode> = {
  bridge_ageing: whole,
  bridge_bridgeprio: whole,
  bridge_fd: whole,
  bridge_gcint: whole,
  bridge_hello: whole,
  bridge_hw: text,
  bridge_maxage: whole,
  bridge_maxwait: whole,
  bridge_pathcost: texts,
  bridge_portprio: texts,
  bridge_ports: texts,
  bridge_stp: onOff,
  bridge_waitport: texts,
}

const link = (type: string, required: readonly string[], own: Readonly<Record<string, SchemaNode>>): SchemaNode => ({
  type: 'object',
  additionalProperties: false,
  required: [...required.slice(0, 1), 'type', ...required.slice(1)],
  properties: {
    type: { type: 'string', enum: [type] },
    name: text,
    mac_address: { type: ['string', 'null'] },
    mtu,
    subnets,
    'accept-ra': { type: 'boolean' },
    keep_configuration: { type: ['string', 'boolean'] },
    ...own,
  },
})

const entries: readonly SchemaNode[] = [
  link('bridge', ['name', 'bridge_interfaces'], {
    bridge_interfaces: texts,
    params: { type: 'object', additionalProperties: false, properties: bridgeParameters },
  }),
  link('physical', ['name'], { wakeonlan: { type: 'boolean' } }),
  link('vlan', ['name', 'vlan_link', 'vlan_id'], { vlan_link: text, vlan_id: whole }),
  link('bond', ['name'], {
    bond_interfaces: texts,
    params: { type: 'object', additionalProperties: false, properties: bondParameters },
  }),
  {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'address'],
    properties: {
      type: { type: 'string', enum: ['nameserver'] },
      address: { oneOf: [text, texts] },
      search: { oneOf: [text, texts] },
      interface: text,
    },
  },
  {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'destination'],
    properties: {
      type: { type: 'string', enum: ['route'] },
      destination: text,
      netmask: text,
      gateway: text,
      metric: whole,
    },
  },
]

const version1: SchemaNode = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'config'],
  properties: {
    version: { type: 'integer', enum: [1] },
    config: { type: 'array', items: { anyOf: entries } },
  },
}

const yesOrNo: SchemaNode = { enum: ['yes', 'no', true, false] }

const device: SchemaNode = {
  type: 'object',
  properties: {
    renderer: text,
    match: { type: 'object' },
    'set-name': text,
    wakeonlan: { type: 'boolean' },
    dhcp4: yesOrNo,
    dhcp6: yesOrNo,
    'dhcp4-overrides': { type: 'object' },
    'dhcp6-overrides': { type: 'object' },
    'accept-ra': { type: 'boolean' },
    addresses: { type: 'array', items: { oneOf: [text, { type: 'object' }] } },
    gateway4: text,
    gateway6: text,
    mtu: whole,
    nameservers: { type: 'object' },
    routes: { type: 'array', items: { type: 'object' } },
    interfaces: texts,
    parameters: { type: 'object' },
    id: whole,
    link: text,
  },
}

const devices: SchemaNode = { type: 'object', additionalProperties: device }

const version2: SchemaNode = {
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { type: 'integer', enum: [2] },
    renderer: text,
    ethernets: devices,
    bonds: devices,
    bridges: devices,
    vlans: devices,
  },
}

const underNetwork = (schema: SchemaNode): SchemaNode => ({
  type: 'object',
  additionalProperties: false,
  required: ['network'],
  properties: { network: schema },
})

/** Network configuration of version 1 or 2, with the key `network` around it. */
export const networkV1Schema = underNetwork(version1)
export const networkV2Schema = underNetwork(version2)

/** What a document about the network must be like: with or without the key `network` around it, by its version. */
export const networkSchemaFor = (document: Json): SchemaNode => {
  const inner = isJsonObject(document) && document['network'] !== undefined ? document['network'] : document
  const version = isJsonObject(inner) ? inner['version'] : undefined
  const schema = version === 2 ? version2 : version1
  return { oneOf: [schema, underNetwork(schema)] }
}
