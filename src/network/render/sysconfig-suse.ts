import { ConfigError } from '../../machine/errors.ts'
import { ipv4Mask } from '../address.ts'
import { cidr, isDynamic, type Link } from '../model.ts'
import { underscored } from '../parse/option-names.ts'
import { bondingOptions } from './bonding-options.ts'
import type { KeyValues } from './key-values.ts'
import type { Surroundings } from './sysconfig-surroundings.ts'

/** One ifcfg file of wicked: ifcfg(5), ifcfg-bonding(5), ifcfg-bridge(5), ifcfg-vlan(5). */
export const suseLink = (link: Link, around: Surroundings): KeyValues => {
  const values: KeyValues = new Map([
    ['BOOTPROTO', bootProtocol(link)],
    ['STARTMODE', startMode(link)],
  ])
  if (link.type === 'infiniband') values.set('TYPE', 'InfiniBand')
  if (link.mtu !== undefined) values.set('MTU', String(link.mtu))
  if (link.wakeOnLan === true) values.set('ETHTOOL_OPTS', 'wol g')
  if (link.mac !== undefined && link.type !== 'vlan')
    values.set(link.type === 'bridge' ? 'LLADDRESS' : 'LLADDR', link.mac.toLowerCase())
  addParts(values, link, around)
  addAddresses(values, link)
  return values
}

const startMode = (link: Link): string => {
  if (link.bondMaster !== undefined) return 'hotplug'
  return link.subnets.some(({ control }) => control === 'manual') ? 'manual' : 'auto'
}

const bootProtocol = (link: Link): string => {
  if (link.subnets.some(({ type }) => type === 'auto'))
    throw new ConfigError(link.name, 'sysconfig has no subnet of type auto')
  const v4 = link.subnets.some(({ type }) => type === 'dhcp' || type === 'dhcp4')
  const v6 = link.subnets.some(({ type }) => type === 'dhcp6' || type.startsWith('ipv6_'))
  if (v4 && v6) return 'dhcp'
  if (v4) return 'dhcp4'
  if (v6) return 'dhcp6'
  return link.bondMaster === undefined ? 'static' : 'none'
}

const addParts = (values: KeyValues, link: Link, around: Surroundings): void => {
  if (link.bond !== undefined) {
    values.set('BONDING_MASTER', 'yes')
    const options = bondingOptions(link.bond.options)
    if (options !== '') values.set('BONDING_MODULE_OPTS', options)
    for (const [index, member] of (around.members.get(link.name) ?? []).entries())
      values.set(`BONDING_SLAVE_${index}`, member)
  }
  if (link.bridge !== undefined) {
    values.set('BRIDGE_PORTS', link.bridge.ports.join(' '))
    for (const [name, value] of link.bridge.options) {
      const key = bridgeKeys[underscored(name)]
      if (key !== undefined) values.set(key, typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value))
    }
  }
  if (around.bridges.has(link.name)) values.set('BRIDGE', 'yes')
  if (link.vlan !== undefined) {
    values.set('ETHERDEVICE', link.vlan.link)
    values.set('VLAN_ID', String(link.vlan.id))
  }
}

const bridgeKeys: Readonly<Record<string, string>> = {
  bridge_ageing: 'BRIDGE_AGEINGTIME',
  bridge_bridgeprio: 'BRIDGE_PRIORITY',
  bridge_stp: 'BRIDGE_STP',
}

const addAddresses = (values: KeyValues, link: Link): void => {
  let ipv4 = 0
  let ipv6 = 0
  for (const subnet of link.subnets) {
    if (subnet.type === 'dhcp6' || subnet.type === 'ipv6_dhcpv6-stateful') values.set('DHCLIENT6_MODE', 'managed')
    if (subnet.type === 'ipv6_slaac' || subnet.type === 'ipv6_dhcpv6-stateless') values.set('DHCLIENT6_MODE', 'info')
    if (subnet.mtu !== undefined && subnet.family === 4) values.set('MTU', String(subnet.mtu))
    // What DHCP and routers give is not known here.
    if (subnet.address === undefined || isDynamic(subnet)) continue
    if (subnet.address.family === 6) {
      values.set(ipv6 === 0 ? 'IPADDR6' : `IPADDR6_${ipv6}`, cidr(subnet.address))
      ipv6 += 1
    } else {
      const number = ipv4 === 0 ? '' : String(ipv4)
      values.set(`IPADDR${number}`, subnet.address.ip)
      values.set(`NETMASK${number}`, ipv4Mask(subnet.address.prefix))
      ipv4 += 1
    }
  }
}
