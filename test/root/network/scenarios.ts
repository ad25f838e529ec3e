import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assertBecomes, assertReaches, type Scenario } from './scenario.ts'
import { bonding } from './scenario-bonding.ts'
import { ec2 } from './scenario-ec2.ts'
import { addressesOf, defaultRoutesOf, linksOf, namesOf, routesOf } from './seen.ts'
import { byMac, cable, dhcp, ethernets, leased, macOf, quiet } from './words.ts'

/** netplan finds interfaces by their permanent address only; a container's have none. */
const byPermanentMac = { netplan: 'a container has no permanent MAC addresses: see the machines with a kernel' }

const four = [0, 1, 2, 3]

export const scenarios: readonly Scenario[] = [
  {
    name: 'one NIC with a static IPv6 address and nothing else',
    on: 'container',
    cables: [cable(0, { addresses: ['2001:db8::1/64', 'fe80::1/64'] })],
    network: ethernets({
      eth0: { addresses: ['2001:db8::5/64'], routes: [{ to: '::/0', via: '2001:db8::1' }], ...quiet },
    }),
    check: async (site) => {
      await assertBecomes(() => addressesOf(site.machine(), 'eth0'), ['2001:db8::5/64'])
      await assertBecomes(() => defaultRoutesOf(site.machine(), 6), ['via 2001:db8::1 dev eth0'])
      assert.deepEqual(await defaultRoutesOf(site.machine(), 4), [])
      await assertReaches(site, '2001:db8::5')
    },
  },
  {
    name: 'two NICs with swapped names',
    on: 'container',
    notFor: byPermanentMac,
    cables: [cable(0), cable(1)],
    network: ethernets(
      byMac(0, 'eth1', { addresses: ['10.0.0.5/24'], ...quiet }),
      byMac(1, 'eth0', { addresses: ['10.0.1.5/24'], ...quiet }),
    ),
    check: async (site) => {
      const see = () => namesOf(site.machine(), [macOf(0), macOf(1)])
      await assertBecomes(see, ['eth1', 'eth0'])
      await assertBecomes(() => addressesOf(site.machine(), 'eth1'), ['10.0.0.5/24'])
      await assertBecomes(() => addressesOf(site.machine(), 'eth0'), ['10.0.1.5/24'])
      await assertReaches(site, '10.0.0.5')
      await assertReaches(site, '10.0.1.5')
      assert.equal((await linksOf(site.machine())).length, 3)
    },
  },
  {
    name: 'three NICs whose names go round, and one that gets a name of its own',
    on: 'container',
    notFor: byPermanentMac,
    cables: four.map((number) => cable(number)),
    network: ethernets(
      ...['eth1', 'eth2', 'eth0', 'lan0'].map((name, number) =>
        byMac(number, name, { addresses: [`10.0.${number}.5/24`], ...quiet }),
      ),
    ),
    check: async (site) => {
      await assertBecomes(() => namesOf(site.machine(), four.map(macOf)), ['eth1', 'eth2', 'eth0', 'lan0'])
      for (const number of four) await assertReaches(site, `10.0.${number}.5`)
    },
  },
  {
    name: 'a NIC whose name another has, of which nothing is said',
    on: 'container',
    notFor: byPermanentMac,
    cables: [cable(0), cable(1)],
    network: ethernets(byMac(0, 'eth1', { addresses: ['10.0.0.5/24'], ...quiet })),
    check: async (site) => {
      await assertBecomes(() => namesOf(site.machine(), [macOf(0), macOf(1)]), ['eth1', 'cirename0'])
      await assertReaches(site, '10.0.0.5')
    },
  },
  {
    name: 'DHCP and static addresses on the same NIC',
    on: 'container',
    cables: [cable(0, { addresses: ['10.0.0.1/24', '10.9.0.1/24', '2001:db8::1/64'] })],
    dnsmasq: dhcp(0),
    network: ethernets({ eth0: { dhcp4: true, addresses: ['10.9.0.5/24', '2001:db8::5/64'], ...quiet } }),
    check: async (site) => {
      const see = async () => (await addressesOf(site.machine(), 'eth0')).map(leased).sort()
      await assertBecomes(see, ['10.9.0.5/24', '2001:db8::5/64', 'leased'])
      await assertBecomes(() => defaultRoutesOf(site.machine(), 4), ['via 10.0.0.1 dev eth0'])
      await assertReaches(site, '10.9.0.5')
      await assertReaches(site, '2001:db8::5')
    },
  },
  {
    name: 'a jumbo MTU',
    on: 'container',
    cables: [cable(0, { mtu: 9000 })],
    network: ethernets({ eth0: { mtu: 8900, addresses: ['10.0.0.5/24'], ...quiet } }),
    check: async (site) => {
      const see = async () => (await linksOf(site.machine())).find(({ ifname }) => ifname === 'eth0')?.mtu
      await assertBecomes(see, 8900)
      await assertReaches(site, '10.0.0.5', '-M', 'do', '-s', '8872')
    },
  },
  {
    name: 'nobody says how the network is to be: DHCP of both families',
    on: 'container',
    cables: [cable(0, { addresses: ['10.0.0.1/24', '2001:db8::1/64'] }), cable(1, { addresses: [] })],
    dnsmasq: [...dhcp(0), 'enable-ra', 'dhcp-range=2001:db8::50,2001:db8::60,64,1h'],
    check: async (site) => {
      const see = async () => (await addressesOf(site.machine(), 'eth0')).map(leased).sort()
      await assertBecomes(see, ['leased', 'leased of IPv6'])
      await assertBecomes(() => defaultRoutesOf(site.machine(), 4), ['via 10.0.0.1 dev eth0'])
      // By the router's next announcement, which may come after the lease.
      await assertBecomes(async () => (await defaultRoutesOf(site.machine(), 6)).length, 1)
      assert.deepEqual(await addressesOf(site.machine(), 'eth1'), [])
    },
  },
  {
    name: 'eight NICs: static, DHCP, IPv6, jumbo, a bridge of two, and two of which nothing is said',
    on: 'container',
    cables: [
      cable(0),
      cable(1),
      cable(2, { addresses: ['2001:db8:2::1/64'] }),
      cable(3, { mtu: 9000 }),
      cable(4),
      cable(5, { addresses: [] }),
      cable(6),
      cable(7),
    ],
    dnsmasq: dhcp(1),
    network: {
      version: 2,
      ethernets: {
        eth0: {
          addresses: ['10.0.0.5/24', '10.0.0.6/24'],
          routes: [
            { to: '0.0.0.0/0', via: '10.0.0.1', metric: 50 },
            { to: '192.0.2.0/24', via: '10.0.0.1' },
          ],
          ...quiet,
        },
        eth1: { dhcp4: true, 'dhcp4-overrides': { 'route-metric': 500 }, ...quiet },
        eth2: { addresses: ['2001:db8:2::5/64'], ...quiet },
        eth3: { addresses: ['10.0.3.5/24'], mtu: 9000, ...quiet },
        eth4: {},
        eth5: {},
      },
      bridges: {
        br0: {
          interfaces: ['eth4', 'eth5'],
          addresses: ['10.0.4.5/24'],
          parameters: { stp: false, 'forward-delay': 0 },
          ...quiet,
        },
      },
    },
    check: async (site) => {
      const machine = site.machine()
      await assertBecomes(() => addressesOf(machine, 'eth0'), ['10.0.0.5/24', '10.0.0.6/24'])
      await assertBecomes(async () => (await addressesOf(machine, 'eth1')).map(leased), ['leased'])
      await assertBecomes(() => addressesOf(machine, 'eth2'), ['2001:db8:2::5/64'])
      await assertBecomes(() => addressesOf(machine, 'eth3'), ['10.0.3.5/24'])
      await assertBecomes(() => addressesOf(machine, 'br0'), ['10.0.4.5/24'])
      for (const name of ['eth6', 'eth7']) assert.deepEqual(await addressesOf(machine, name), [])
      const links = await linksOf(machine)
      assert.equal(links.find(({ ifname }) => ifname === 'eth3')?.mtu, 9000)
      const ports = links.filter(({ master }) => master === 'br0').map(({ ifname }) => ifname)
      assert.deepEqual(ports.sort(), ['eth4', 'eth5'])
      const routes = await routesOf(machine, 4)
      assert.equal(routes.find(({ dst }) => dst === '192.0.2.0/24')?.gateway, '10.0.0.1')
      const first = routes.filter(({ dst }) => dst === 'default').sort((a, b) => (a.metric ?? 0) - (b.metric ?? 0))[0]
      assert.equal(first?.gateway, '10.0.0.1')
      for (const address of ['10.0.0.5', '10.0.0.6', '2001:db8:2::5', '10.0.3.5', '10.0.4.5'])
        await assertReaches(site, address)
    },
  },
  {
    name: 'a NIC that need not be there, whose DHCP nobody answers, does not hold up the boot',
    on: 'container',
    notFor: {
      eni: 'ifup knows no optional interfaces: it waits for a lease',
      'network-manager': 'nm-online knows no optional interfaces: it waits for a lease',
    },
    cables: [cable(0), cable(1)],
    network: ethernets({
      eth0: { addresses: ['10.0.0.5/24'], ...quiet },
      eth1: { dhcp4: true, optional: true, ...quiet },
    }),
    check: async (site) => {
      await assertReaches(site, '10.0.0.5')
      assert.deepEqual(await addressesOf(site.machine(), 'eth1'), [])
      const { stdout } = await site.machine().attempt('systemctl', 'is-failed', '*wait-online.service')
      assert.doesNotMatch(stdout, /failed/)
    },
  },
  {
    name: 'a second boot with the same configuration writes nothing',
    on: 'container',
    cables: [cable(0)],
    network: ethernets({ eth0: { addresses: ['10.0.0.5/24'], ...quiet } }),
    files: { '/etc/cloud/cloud.cfg.d/91-when.cfg': 'updates: {network: {when: [boot]}}\n' },
    check: async (site) => {
      await assertReaches(site, '10.0.0.5')
      const written = () => site.log().match(/wrote the network configuration/g)?.length
      assert.equal(written(), 1)
      await site.reboot()
      await assertReaches(site, '10.0.0.5')
      assert.equal(written(), 1)
      assert.match(site.log(), /the network configuration for \S+ is as it was/)
    },
  },
  {
    name: 'a configuration that can not be used keeps the network that the machine has',
    on: 'container',
    cables: [cable(0)],
    network: ethernets({ eth0: { addresses: ['10.0.0.5/24'], ...quiet } }),
    files: { '/etc/cloud/cloud.cfg.d/91-when.cfg': 'updates: {network: {when: [boot]}}\n' },
    check: async (site) => {
      await assertReaches(site, '10.0.0.5')
      site.setNetwork(ethernets({ eth0: { addresses: ['10.0.0.500/24'] } }))
      await site.reboot()
      await assertReaches(site, '10.0.0.5')
      assert.match(site.log(), /network config of ds can't be used: .*10\.0\.0\.500/)
      const status: { v1: Record<string, { errors?: string[] }> } = JSON.parse(
        readFileSync(join(site.root, 'var/lib/cloud/data/status.json'), 'utf8'),
      )
      assert.match(String(status.v1['init-local']?.errors), /10\.0\.0\.500/)
    },
  },
  ...bonding,
  ...ec2,
]
