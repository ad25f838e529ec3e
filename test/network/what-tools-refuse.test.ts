import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkLookup } from '../../src/network/address.ts'
import { convertNetwork } from '../../src/network/convert.ts'

/** What netplan, networkd, ifupdown and NetworkManager said of real outputs; test/root/renderers.suite.ts asks them. */
const convert = (renderer: string, text: string, warnings: string[] = []): Record<string, string> => {
  const files = convertNetwork(text, {
    kind: 'yaml',
    distro: 'debian',
    renderer,
    hasIp: true,
    macs: [],
    nics: [],
    warn: (message) => warnings.push(message),
  })
  return Object.fromEntries(files.map(({ path, content }) => [path, content]))
}

const eni = (text: string): string => convert('eni', text)['/etc/network/interfaces.d/50-cloud-init'] ?? ''
const netplan = (text: string): string => convert('netplan', text)['/etc/netplan/50-cloud-init.yaml'] ?? ''
const keyfile = (text: string, name: string): string =>
  convert('network-manager', text)[`/etc/NetworkManager/system-connections/cloud-init-${name}.nmconnection`] ?? ''
const network = (text: string, name: string): string =>
  convert('networkd', text)[`/etc/systemd/network/10-cloud-init-${name}.network`] ?? ''

test('netplan wants one metric for both DHCP clients of a link', () => {
  const both = netplan(
    'version: 1\nconfig: [{type: physical, name: eth0, subnets: [{type: dhcp4, metric: 100}, {type: dhcp6, metric: 200}]}]',
  )
  assert.equal(both.match(/route-metric: 100/g)?.length, 2)
  const one = netplan(
    'version: 1\nconfig: [{type: physical, name: eth0, subnets: [{type: dhcp4}, {type: dhcp6, metric: 200}]}]',
  )
  assert.equal(one.match(/route-metric: 200/g)?.length, 2)
})

test('netplan reads all-slaves-active as a boolean', () => {
  const text = (value: string) =>
    `version: 1\nconfig: [{type: bond, name: bond0, bond_interfaces: [eth0], params: {bond-mode: balance-rr, bond-all-slaves-active: ${value}}}]`
  assert.match(netplan(text('1')), /all-slaves-active: true/)
  assert.match(netplan(text('"0"')), /all-slaves-active: false/)
})

const withoutAddress =
  'version: 1\nconfig: [{type: physical, name: eth0, subnets: [{type: static, gateway: 192.0.2.1}, {type: static6}]}]'

test('a static subnet without an address is no reason for ifup or NetworkManager to refuse the interface', () => {
  assert.match(eni(withoutAddress), /iface eth0 inet manual[\s\S]*iface eth0 inet6 manual/)
  const written = keyfile(withoutAddress, 'eth0')
  assert.match(written, /\[ipv4\]\nmethod=disabled/)
  assert.match(written, /\[ipv6\]\nmethod=disabled/)
  assert.doesNotMatch(written, /gateway/)
})

test('NetworkManager gets no gateway for addresses that it does not have yet', () => {
  const text = 'version: 1\nconfig: [{type: physical, name: eth0, subnets: [{type: dhcp4, gateway: 192.0.2.1}]}]'
  assert.doesNotMatch(keyfile(text, 'eth0'), /gateway/)
})

test('routes without an address have a method in NetworkManager, and a stanza in interfaces(5)', () => {
  const text = `version: 2
ethernets: {eth0: {dhcp4: true, routes: [{to: '::/0', via: 'fe80::1'}]}, eth1: {dhcp6: true, routes: [{to: 10.0.0.0/8, via: 192.0.2.1, on-link: true}]}}`
  assert.match(keyfile(text, 'eth0'), /\[ipv6\]\nroute1=::\/0,fe80::1\nmethod=auto/)
  assert.match(keyfile(text, 'eth1'), /\[ipv4\][^[]*method=link-local/)
  assert.match(
    eni(text),
    /iface eth0 inet6 manual\n {4}post-up ip -family inet6 route add default via fe80::1 dev eth0 /,
  )
  assert.match(eni(text), /post-up ip route add 10.0.0.0\/8 via 192.0.2.1 dev eth1 onlink /)
})

test('every InfiniBand connection of NetworkManager has a transport mode', () => {
  const text = 'version: 1\nconfig: [{type: infiniband, name: ib0, subnets: [{type: dhcp4}]}]'
  assert.match(keyfile(text, 'ib0'), /\[infiniband\]\ntransport-mode=datagram/)
})

const machineRoute = `version: 1
config:
- {type: physical, name: eth0, subnets: [{type: dhcp4}]}
- {type: physical, name: eth1, subnets: [{type: static, address: 192.0.2.5/24}]}
- {type: physical, name: eth2}
- {type: bond, name: bond0, bond_interfaces: [eth2]}
`

test('networkd has a route of the whole machine where its gateway is, and never on members', () => {
  const near = `${machineRoute}- {type: route, destination: 10.0.0.0/8, gateway: 192.0.2.1}\n`
  const far = `${machineRoute}- {type: route, destination: 10.0.0.0/8, gateway: 198.51.100.1}\n`
  const holders = (text: string): string[] =>
    ['eth0', 'eth1', 'eth2', 'bond0'].filter((name) => network(text, name).includes('[Route]'))
  assert.deepEqual(holders(near), ['eth1'])
  assert.deepEqual(holders(far), ['eth0'])
})

test('a renderer that has no place for routes of the whole machine says so', () => {
  for (const renderer of ['netplan', 'network-manager']) {
    const warnings: string[] = []
    convert(renderer, `${machineRoute}- {type: route, destination: 10.0.0.0/8, gateway: 192.0.2.1}\n`, warnings)
    assert.match(warnings.join('\n'), /10\.0\.0\.0\/8 belongs to no interface/)
  }
})

test('the network around an address is found by its family and prefix', () => {
  const lookup = networkLookup([
    [{ ip: '192.0.2.5', prefix: 24, family: 4 }, 'a'],
    [{ ip: '192.0.2.9', prefix: 28, family: 4 }, 'b'],
    [{ ip: '2001:db8::5', prefix: 64, family: 6 }, 'c'],
  ])
  assert.deepEqual(lookup('192.0.2.1'), ['a', 'b'])
  assert.deepEqual(lookup('192.0.2.77'), ['a'])
  assert.deepEqual(lookup('2001:db8::ffff'), ['c'])
  assert.deepEqual(lookup('2001:db8:1::1'), [])
  assert.deepEqual(lookup('no address'), [])
})
