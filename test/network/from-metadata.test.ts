import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkFromInterfaces } from '../../src/network/eni-to-v1.ts'
import { isEc2Classic, networkFromEc2, networkFromEc2Primary } from '../../src/network/from-ec2.ts'
import { networkFromOpenstack } from '../../src/network/from-openstack.ts'

const nics = [
  { name: 'eth0', mac: 'fa:16:3e:00:00:01' },
  { name: 'eth1', mac: 'fa:16:3e:00:00:02' },
]
const physical = { id: 'tap0', type: 'ovs', ethernet_mac_address: 'FA:16:3E:00:00:01', mtu: 1450 }

test('OpenStack: a VLAN on a VLAN and a bond are named by what they are on', () => {
  const config = networkFromOpenstack(
    {
      links: [
        physical,
        { id: 'tap1', type: 'phy', ethernet_mac_address: 'fa:16:3e:00:00:02' },
        { id: 'inner', type: 'vlan', vlan_link: 'outer', vlan_id: 7 },
        { id: 'outer', type: 'vlan', vlan_link: 'bond', vlan_id: 5, vlan_mac_address: 'fa:16:3e:00:00:01' },
        { id: 'bond', type: 'bond', bond_links: ['tap0', 'tap1'], bond_mode: '802.3ad', bond_miimon: 100 },
      ],
      networks: [{ id: 'n0', link: 'inner', type: 'ipv4_dhcp' }],
    },
    nics,
  )
  assert.deepEqual(config['config'], [
    { type: 'physical', name: 'eth0', mac_address: 'fa:16:3e:00:00:01', mtu: 1450, subnets: [] },
    { type: 'physical', name: 'eth1', mac_address: 'fa:16:3e:00:00:02', subnets: [] },
    { type: 'vlan', name: 'bond0.5.7', vlan_id: 7, vlan_link: 'bond0.5', subnets: [{ type: 'dhcp4' }] },
    {
      type: 'vlan',
      name: 'bond0.5',
      vlan_id: 5,
      vlan_link: 'bond0',
      mac_address: 'fa:16:3e:00:00:01',
      subnets: [],
    },
    {
      type: 'bond',
      name: 'bond0',
      bond_interfaces: ['eth0', 'eth1'],
      params: { 'bond-mode': '802.3ad', 'bond-miimon': 100 },
      subnets: [],
    },
  ])
})

test('OpenStack: a document of another shape is refused with the place that is wrong', () => {
  const cases = [
    [{ links: 'none' }, /links: is not a list/],
    [{ links: [7] }, /links\[0\]: is not a mapping/],
    [{ links: [{ type: 'phy' }] }, /links\[0\]: has no id/],
    [{ links: [{ id: 'a', type: 'phy' }] }, /link a: has neither ethernet_mac_address nor name/],
    [{ links: [{ id: 'a', type: 'vlan', vlan_link: 'a', vlan_id: 1 }] }, /link a: vlan_link a is not another link/],
    [{ links: [{ id: 'a', type: 'bond', bond_links: ['b'] }] }, /link a: bond_links names b/],
    [{ links: [physical], networks: [{ link: 'tap0', type: 'ipv4', routes: {} }] }, /routes: is not a list/],
  ] as const
  for (const [document, message] of cases) {
    assert.throws(() => networkFromOpenstack(JSON.parse(JSON.stringify(document)), nics), message)
  }
})

test('OpenStack: an unknown link type is a physical interface, with a warning', () => {
  const warnings: string[] = []
  const document = { links: [{ ...physical, type: 'teleport' }] }
  networkFromOpenstack(document, nics, (message) => warnings.push(message))
  assert.match(warnings.join(), /unknown type teleport/)
})

test('EC2: one interface alone needs no metrics, and one that metadata does not know is left out', () => {
  const network = { interfaces: { macs: { 'fa:16:3e:00:00:01': { 'device-number': '0', ipv6s: '2001:db8::1' } } } }
  assert.deepEqual(networkFromEc2(network, { nics, policyRouting: true, gateways: {} }), {
    version: 2,
    ethernets: {
      eth0: { dhcp4: true, dhcp6: true, match: { macaddress: 'fa:16:3e:00:00:01' }, 'set-name': 'eth0' },
    },
  })
  assert.deepEqual(networkFromEc2Primary(network, { name: 'eth1', mac: 'FA:16:3E:00:00:02' }), {
    version: 2,
    ethernets: {
      eth1: { dhcp4: true, dhcp6: false, match: { macaddress: 'fa:16:3e:00:00:02' }, 'set-name': 'eth1' },
    },
  })
})

test('EC2: a machine is in a VPC as soon as one interface is', () => {
  const macs = (facts: object) => ({ interfaces: { macs: { a: {}, b: { ...facts } } } })
  assert.equal(isEc2Classic(macs({})), true)
  assert.equal(isEc2Classic(macs({ 'vpc-id': 'vpc-1' })), false)
})

test('interfaces(5): aliases, name servers and continued lines; what is twice or half is refused', () => {
  const text = `
auto lo eth0
iface lo inet loopback
iface eth0 inet static
  address 192.0.2.10/24
  gateway \\
    192.0.2.1
  hwaddress ether 52:54:00:00:00:01
  dns-nameservers 192.0.2.53 192.0.2.54
  dns-search example.test
  post-up rm -rf /
iface eth0:1 inet static
  address 192.0.2.11
  netmask 255.255.255.0
source /etc/network/interfaces.d/*
  address 203.0.113.1
`
  assert.deepEqual(networkFromInterfaces(text), {
    version: 1,
    config: [
      {
        type: 'physical',
        name: 'eth0',
        mac_address: '52:54:00:00:00:01',
        subnets: [
          {
            _orig_eni_name: 'eth0',
            type: 'static',
            control: 'auto',
            address: '192.0.2.10/24',
            gateway: '192.0.2.1',
            dns_nameservers: ['192.0.2.53', '192.0.2.54'],
            dns_search: ['example.test'],
          },
          {
            _orig_eni_name: 'eth0:1',
            type: 'static',
            control: 'manual',
            address: '192.0.2.11',
            netmask: '255.255.255.0',
          },
        ],
      },
      { type: 'loopback', name: 'lo', subnets: [{ _orig_eni_name: 'lo', type: 'loopback', control: 'auto' }] },
    ],
  })
  assert.throws(() => networkFromInterfaces('iface a inet dhcp\niface a inet6 dhcp'), /iface a: is defined twice/)
  assert.throws(() => networkFromInterfaces('iface a inet static'), /iface a: is static, but has no address/)
})
