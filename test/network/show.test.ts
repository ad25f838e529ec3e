import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'
import { readNetworkState, readNetworkStateQuickly } from '../../src/network/show.ts'
import { consoleTables } from '../../src/network/show-console.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const net = '/sys/class/net'
const mac = (last: string): string => `52:54:00:00:00:${last}`

/** Two NICs in a bond, a VLAN on it, a bridge over that, and loopback. */
const links: Record<string, MemoryFile> = {
  ...linkFiles('lo', '00:00:00:00:00:00', 1),
  [`${net}/lo/type`]: '772\n',
  [`${net}/lo/flags`]: '0x9\n',
  [`${net}/lo/mtu`]: '65536\n',
  ...linkFiles('eth0', mac('01'), 2),
  [`${net}/eth0/flags`]: '0x1003\n',
  [`${net}/eth0/mtu`]: '9000\n',
  [`${net}/eth0/master`]: { link: '../bond0' },
  ...linkFiles('eth1', mac('02'), 3),
  [`${net}/eth1/flags`]: '0x1003\n',
  [`${net}/eth1/carrier`]: '0\n',
  [`${net}/eth1/master`]: { link: '../bond0' },
  [`${net}/bond0/address`]: `${mac('01')}\n`,
  [`${net}/bond0/ifindex`]: '4\n',
  [`${net}/bond0/flags`]: '0x1403\n',
  [`${net}/bond0/bonding/slaves`]: 'eth0 eth1\n',
  [`${net}/bond0/lower_eth0`]: { link: '../eth0' },
  [`${net}/bond0/lower_eth1`]: { link: '../eth1' },
  [`${net}/bonding_masters`]: 'bond0\n',
  [`${net}/v5/address`]: `${mac('01')}\n`,
  [`${net}/v5/ifindex`]: '5\n',
  [`${net}/v5/flags`]: '0x1002\n',
  [`${net}/v5/uevent`]: 'DEVTYPE=vlan\nINTERFACE=v5\n',
  [`${net}/v5/lower_bond0`]: { link: '../bond0' },
  [`${net}/v5/master`]: { link: '../br0' },
  [`${net}/br0/address`]: `${mac('01')}\n`,
  [`${net}/br0/ifindex`]: '6\n',
  [`${net}/br0/operstate`]: 'up\n',
  [`${net}/br0/bridge/`]: '',
  [`${net}/br0/lower_v5`]: { link: '../v5' },
}

const forever = 4294967295
const ipAnswers: Readonly<Record<string, unknown>> = {
  'ip -json -details address show': [
    { ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' }] },
    { ifname: 'v5', linkinfo: { info_kind: 'vlan', info_data: { id: 5 } }, addr_info: [] },
    {
      ifname: 'br0',
      addr_info: [
        {
          family: 'inet',
          local: '192.0.2.10',
          prefixlen: 24,
          scope: 'global',
          dynamic: true,
          valid_life_time: 3540,
        },
        { family: 'inet', local: '198.51.100.4', prefixlen: 32, scope: 'global', valid_life_time: forever },
        {
          family: 'inet6',
          local: '2001:db8::5',
          prefixlen: 64,
          scope: 'global',
          dynamic: true,
          valid_life_time: 86400,
        },
        { family: 'inet6', local: '2001:db8::77', prefixlen: 128, scope: 'global', dynamic: true },
        { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
      ],
    },
  ],
  'ip -json -4 route show table all': [
    { dst: 'default', gateway: '192.0.2.1', dev: 'br0', protocol: 'dhcp', metric: 100 },
    { dst: '192.0.2.0/24', dev: 'br0', protocol: 'kernel', scope: 'link' },
    { dst: 'default', gateway: '198.51.100.1', dev: 'eth1', table: '101', protocol: 'static' },
    { type: 'blackhole', dst: '10.9.0.0/16', table: 101 },
    {
      dst: '203.0.113.7',
      nexthops: [
        { gateway: '192.0.2.2', dev: 'br0' },
        { via: { host: 'fe80::2' }, dev: 'eth1' },
      ],
    },
    { type: 'local', dst: '192.0.2.10', dev: 'br0', table: 'local' },
    { type: 'broadcast', dst: '192.0.2.255', dev: 'br0', table: 'local' },
  ],
  'ip -json -6 route show table all': [
    { dst: 'default', gateway: 'fe80::fe', dev: 'br0', protocol: 'ra', metric: 1024 },
    { type: 'multicast', dst: 'ff00::/8', dev: 'br0', table: 'local' },
  ],
  'ip -json -4 rule show': [
    { priority: 0, src: 'all', table: 'local' },
    { priority: 101, src: '198.51.100.4', srclen: 32, dst: '10.0.0.0', dstlen: 8, iif: 'eth1', table: '101' },
  ],
}
const commands = Object.fromEntries([
  ...Object.entries(ipAnswers).map(([line, answer]) => [line, JSON.stringify(answer)]),
  ['ip -json -6 rule show', ''],
])

test('links say what they are made of and part of, and whether a cable is there', async () => {
  const state = await readNetworkState(memoryMachine({ files: links, commands }))
  const shown = state.links.map(({ name, type, below, master, vlanId, state: now, mtu, driver }) =>
    [name, type, below.join('+'), master, vlanId, now, mtu, driver].map((fact) => fact ?? '-').join(' '),
  )
  assert.deepEqual(shown, [
    'lo loopback  - - up 65536 virtio_net',
    'eth0 physical  bond0 - up 9000 virtio_net',
    'eth1 physical  bond0 - no-carrier 0 virtio_net',
    'bond0 bond eth0+eth1 - - up 0 -',
    'v5 vlan bond0 br0 5 down 0 -',
    'br0 bridge v5 - - up 0 -',
  ])
})

test('addresses say who gave them and for how long', async () => {
  const state = await readNetworkState(memoryMachine({ files: links, commands }))
  const bridge = state.links.find(({ name }) => name === 'br0')
  assert.deepEqual(
    bridge?.addresses.map(({ address, scope, source, secondsLeft }) =>
      [address, scope, source, secondsLeft ?? 'forever'].join(' '),
    ),
    [
      '192.0.2.10/24 global dhcp 3540',
      '198.51.100.4/32 global static forever',
      '2001:db8::5/64 global router 86400',
      '2001:db8::77/128 global dhcp forever',
      'fe80::1/64 link kernel forever',
    ],
  )
})

test('routes of all tables and rules are there, but not what the kernel has for its own addresses', async () => {
  const { routes, rules } = await readNetworkState(memoryMachine({ files: links, commands }))
  assert.deepEqual(
    routes.map(({ family, to, via, link, metric, table, source, type }) =>
      [family, to, via, link, metric, table, source, type].map((fact) => fact ?? '-').join(' '),
    ),
    [
      '4 default 192.0.2.1 br0 100 main dhcp -',
      '4 192.0.2.0/24 - br0 - main kernel -',
      '4 default 198.51.100.1 eth1 - 101 static -',
      '4 10.9.0.0/16 - - - 101 - blackhole',
      '4 203.0.113.7/32 192.0.2.2 br0 - main - -',
      '4 203.0.113.7/32 fe80::2 eth1 - main - -',
      '6 default fe80::fe br0 1024 main ra -',
    ],
  )
  assert.deepEqual(rules?.[1], {
    family: 4,
    priority: 101,
    selector: 'from 198.51.100.4/32 to 10.0.0.0/8 iif eth1',
    action: 'table 101',
  })
})

const byteOrder = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
/** As the kernel of this machine writes an IPv4 address in /proc/net/route. */
const hex = (...bytes: number[]): string =>
  Buffer.from(byteOrder ? bytes.reverse() : bytes)
    .toString('hex')
    .toUpperCase()

const proc: Record<string, MemoryFile> = {
  '/proc/net/route': [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    `br0\t00000000\t${hex(192, 0, 2, 1)}\t0003\t0\t0\t100\t00000000\t0\t0\t0`,
    `br0\t${hex(192, 0, 2, 0)}\t00000000\t0001\t0\t0\t100\t${hex(255, 255, 255, 0)}\t0\t0\t0`,
    `br0\t${hex(203, 0, 113, 7)}\t${hex(192, 0, 2, 2)}\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0`,
    '',
  ].join('\n'),
  '/proc/net/ipv6_route': [
    `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 fe8000000000000000000000000000fe 00000400 1 0 00450003      br0`,
    `20010db8${'0'.repeat(24)} 40 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 1 0 00000001      br0`,
    `20010db8${'0'.repeat(23)}5 80 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000000 4 0 80200001     br0`,
    `ff${'0'.repeat(30)} 08 ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 3 0 00000001      br0`,
    '',
  ].join('\n'),
  '/proc/net/vlan/config': 'VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE_RAW\nv5   | 5  | bond0\n',
}
const addresses = [
  { link: 'lo', family: 4, ip: '127.0.0.1', prefix: 8 },
  { link: 'br0', family: 4, ip: '192.0.2.10', prefix: 24 },
  { link: 'br0', family: 6, ip: '2001:db8::5', prefix: 64 },
  { link: 'br0', family: 6, ip: 'fe80::1', prefix: 64 },
] as const

test('without ip, the kernel’s files tell most of it, and no command runs', async () => {
  const machine = memoryMachine({ files: { ...links, ...proc }, addresses })
  const { links: found, routes, rules } = await readNetworkState(machine)
  assert.equal(found.find(({ name }) => name === 'v5')?.vlanId, 5)
  assert.deepEqual(
    found.find(({ name }) => name === 'br0')?.addresses.map(({ address, scope }) => `${address} ${scope}`),
    ['192.0.2.10/24 global', '2001:db8::5/64 global', 'fe80::1/64 link'],
  )
  assert.deepEqual(
    routes.map(({ to, via, link, metric, source }) => [to, via, link, metric, source].map((f) => f ?? '-').join(' ')),
    [
      'default 192.0.2.1 br0 100 -',
      '192.0.2.0/24 - br0 100 -',
      '203.0.113.7/32 192.0.2.2 br0 0 -',
      'default fe80::fe br0 1024 ra',
      '2001:db8::/64 - br0 256 -',
    ],
  )
  assert.equal(rules, undefined)
  assert.deepEqual(machine.commands, [])
})

test('an ip that answers something else than JSON is done without, and that is told', async () => {
  const machine = memoryMachine({
    files: { ...links, ...proc },
    addresses,
    which: ['ip'],
    onCommand: () => '1: lo: <LOOPBACK>',
  })
  const { routes } = await readNetworkState(machine)
  assert.equal(routes.length, 5)
  assert.match(machine.records.map(({ message }) => message).join(), /ip does not say what the network is/)
})

test('a boot’s tables are those that cloud-init’s users look for on the console', async () => {
  const files = { ...linkFiles('br0', mac('01'), 2), [`${net}/br0/flags`]: '0x1003\n', ...proc }
  const machine = memoryMachine({ files, addresses: addresses.slice(1) })
  assert.equal(
    consoleTables(await readNetworkStateQuickly(machine)),
    `
++++++++++++++++++++++++++++++++Net device info++++++++++++++++++++++++++++++++
+--------+------+----------------+---------------+--------+-------------------+
| Device |  Up  |    Address     |     Mask      | Scope  |    Hw-Address     |
+--------+------+----------------+---------------+--------+-------------------+
|  br0   | True |   192.0.2.10   | 255.255.255.0 | global | 52:54:00:00:00:01 |
|  br0   | True | 2001:db8::5/64 |       .       | global | 52:54:00:00:00:01 |
|  br0   | True |   fe80::1/64   |       .       |  link  | 52:54:00:00:00:01 |
+--------+------+----------------+---------------+--------+-------------------+
+++++++++++++++++++++++++++++Route IPv4 info+++++++++++++++++++++++++++++
+-------+-------------+-----------+-----------------+-----------+-------+
| Route | Destination |  Gateway  |     Genmask     | Interface | Flags |
+-------+-------------+-----------+-----------------+-----------+-------+
|   0   |   0.0.0.0   | 192.0.2.1 |     0.0.0.0     |    br0    |  UG   |
|   1   |  192.0.2.0  |  0.0.0.0  |  255.255.255.0  |    br0    |   U   |
|   2   | 203.0.113.7 | 192.0.2.2 | 255.255.255.255 |    br0    |  UGH  |
+-------+-------------+-----------+-----------------+-----------+-------+
++++++++++++++++++++Route IPv6 info+++++++++++++++++++++
+-------+---------------+----------+-----------+-------+
| Route |  Destination  | Gateway  | Interface | Flags |
+-------+---------------+----------+-----------+-------+
|   0   |     ::/0      | fe80::fe |    br0    |  UG   |
|   1   | 2001:db8::/64 |    ::    |    br0    |   U   |
+-------+---------------+----------+-----------+-------+`
      .trim()
      .split('\n')
      .map((line) => `ci-info: ${line}`)
      .join('\n'),
  )
})
