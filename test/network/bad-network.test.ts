/**
 * Network config that can be read, but can't work, on a machine with two interfaces: it is refused with the place that
 * is wrong, no file changes, no interface is touched.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Json, JsonObject } from '../../src/machine/json.ts'
import { type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import { applyNetwork } from '../../src/network/apply.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const before = { '/etc/network/interfaces': 'auto eth0\n', '/etc/systemd/network/10-cloud-init-old.network': 'old\n' }
const nics = {
  ...linkFiles('eth0', '52:54:00:00:00:01', 2),
  ...linkFiles('eth1', '52:54:00:00:00:02', 3),
}
const twins = {
  ...linkFiles('eth0', '52:54:00:00:00:01', 2),
  ...linkFiles('eth1', '52:54:00:00:00:01', 3),
  '/sys/class/net/eth1/device/driver': { link: '../../../bus/pci/drivers/mlx5_core' },
}

const v1 = (...config: Json[]): JsonObject => ({ version: 1, config })
const v2 = (sections: JsonObject): JsonObject => ({ version: 2, ...sections })
const physical = (name: string, more: JsonObject = {}): JsonObject => ({ type: 'physical', name, ...more })
const staticOn = (name: string, subnet: JsonObject, more: JsonObject = {}): JsonObject =>
  physical(name, { subnets: [{ type: 'static', ...subnet }], ...more })
const members = (...interfaces: string[]): JsonObject => ({ interfaces })

/** What is wrong, the config, and what the error begins with. */
const refused: readonly (readonly [what: string, config: JsonObject, error: RegExp])[] = [
  [
    'one name for two entries of version 1',
    v1(physical('eth0'), physical('eth1'), staticOn('eth0', { address: '192.0.2.5/24' })),
    /^config\[2\]: the name eth0 is given to two interfaces: also to config\[0\]/,
  ],
  [
    'one name for an interface and a bond',
    v2({ ethernets: { eth0: {}, eth1: {} }, bonds: { eth0: members('eth1') } }),
    /^bonds\.eth0: the name eth0 is given to two interfaces: also to ethernets\.eth0/,
  ],
  [
    'one name set on two interfaces',
    v2({ ethernets: { a: { 'set-name': 'lan0' }, b: { 'set-name': 'lan0' } } }),
    /^ethernets\.b\.set-name: the name lan0 is given to two interfaces: also to ethernets\.a/,
  ],
  [
    'a bond of an interface that is not there',
    v2({ ethernets: { eth0: {} }, bonds: { bond0: members('eth0', 'eth9') } }),
    /^bonds\.bond0: the bond bond0 is to lie on eth9, which is nowhere to be found/,
  ],
  [
    'a bond of an interface that is not there, version 1',
    v1({ type: 'bond', name: 'bond0', bond_interfaces: ['eth0', 'eht1'], params: {} }),
    /^config\[0\]: the bond bond0 is to lie on eht1/,
  ],
  ['a bridge of an interface that is not there', v2({ bridges: { br0: members('eth9') } }), /^bridges\.br0: .* eth9/],
  ['a VLAN on an interface that is not there', v2({ vlans: { v5: { id: 5, link: 'eth9' } } }), /^vlans\.v5: .* eth9/],
  ['a bond in itself', v2({ bonds: { bond0: members('bond0') } }), /^bonds\.bond0: bond0 lies on itself/],
  ['a VLAN on itself', v2({ vlans: { v5: { id: 5, link: 'v5' } } }), /^vlans\.v5: v5 lies on itself/],
  [
    'bridges in a circle, version 1',
    v1(
      { type: 'bridge', name: 'br0', bridge_interfaces: ['br1'] },
      { type: 'bridge', name: 'br1', bridge_interfaces: ['br0'] },
    ),
    /^config\[0\]: br0 lies on itself/,
  ],
  [
    'a VLAN on a bond of a VLAN',
    v2({
      ethernets: { eth0: {} },
      vlans: { v5: { id: 5, link: 'bond0' }, v6: { id: 6, link: 'eth0' } },
      bonds: { bond0: members('v5', 'v6') },
    }),
    /lies on itself: bridges, bonds and VLANs form a circle/,
  ],
  [
    'an interface in two bonds',
    v2({ ethernets: { eth0: {}, eth1: {} }, bonds: { bond0: members('eth0'), bond1: members('eth1', 'eth0') } }),
    /^bonds\.bond1: eth0 can't be part of bond1 and of bond0/,
  ],
  [
    'an interface in a bond and a bridge',
    v2({ ethernets: { eth0: {} }, bonds: { bond0: members('eth0') }, bridges: { br0: members('eth0') } }),
    /^bridges\.br0: eth0 can't be part/,
  ],
  [
    'one MAC address for two interfaces of the config',
    v1(physical('a', { mac_address: '52:54:00:00:00:01' }), physical('b', { mac_address: '52:54:00:00:00:01' })),
    /^config\[1\]: has the MAC address 52:54:00:00:00:01, which is that of config\[0\], too/,
  ],
  ['a VLAN id of 4095', v2({ vlans: { v: { id: 4095, link: 'eth0' } } }), /^vlans\.v: 4095 is no VLAN id: 0 to 4094/],
  ['a VLAN id below zero', v2({ vlans: { v: { id: -1, link: 'eth0' } } }), /^vlans\.v\.id: -1 is not a whole number/],
  ['a VLAN without a link', v2({ vlans: { v: { id: 5 } } }), /^vlans\.v: is a VLAN without id or without a link/],
  ['an MTU of 10', v2({ ethernets: { eth0: { mtu: 10 } } }), /^ethernets\.eth0\.mtu: 10 is no MTU: 68 to 65536/],
  ['an MTU of -1', v2({ ethernets: { eth0: { mtu: -1 } } }), /^ethernets\.eth0\.mtu: -1 is not a whole number/],
  ['an MTU that no link has', v1(physical('eth0', { mtu: 1e6 })), /^config\[0\]\.mtu: 1000000 is no MTU/],
  [
    'an MTU of a subnet',
    v1(staticOn('eth0', { address: '192.0.2.5/24', mtu: 3 })),
    /^config\[0\]\.subnets\[0\]\.mtu: 3 is no MTU/,
  ],
  [
    'an IPv4 gateway where all is IPv6',
    v2({ ethernets: { eth0: { addresses: ['2001:db8::5/64'], gateway4: '192.0.2.1' } } }),
    /^ethernets\.eth0\.gateway4: the interface has no IPv4 at all/,
  ],
  [
    'an IPv4 gateway of an IPv6 address',
    v1(staticOn('eth0', { address: '2001:db8::5/64', gateway: '192.0.2.1' })),
    /^config\[0\]\.subnets\[0\]\.gateway: 192\.0\.2\.1 is an IPv4 gateway, and 2001:db8::5\/64 an IPv6 address/,
  ],
  [
    'an IPv6 route by an IPv4 gateway',
    v2({ ethernets: { eth0: { dhcp4: true, routes: [{ to: '2001:db8::/32', via: '192.0.2.1' }] } } }),
    /^ethernets\.eth0\.routes: 2001:db8::\/32 is IPv6, and its gateway 192\.0\.2\.1 is IPv4/,
  ],
  ['a netmask with holes', v1(staticOn('eth0', { address: '192.0.2.5', netmask: '255.0.255.0' })), /^config\[0\]\.sub/],
  ['a name of 16 bytes', v2({ ethernets: { eth0: { 'set-name': 'abcdefghijklmnop' } } }), /set-name: .*longer than 15/],
  ['a name of 16 bytes in 8 letters', v2({ ethernets: { жжжжжжжж: {} } }), /^ethernets\.жжжжжжжж\.set-name: .*longer/],
  ['a name with a slash', v2({ ethernets: { 'eth/0': {} } }), /^ethernets\.eth\/0\.set-name: .*slash/],
  ['a name with a line break', v1(physical('eth0\n[Network]')), /^config\.0\.name: must not hold line breaks/],
  ['a name that leads upwards', v1(physical('..')), /^config\[0\]\.name: "\.\." is no interface name/],
]

const options = { renderer: 'networkd', distro: 'debian', bringsUp: true }

const assertUntouched = (machine: MemoryMachine): void => {
  const tree = machine.tree()
  for (const [path, content] of Object.entries(before)) assert.equal(tree[path]?.content, content)
  assert.deepEqual(machine.files.list('/etc/systemd/network'), ['10-cloud-init-old.network'])
  assert.deepEqual(machine.commands, [])
}

for (const [what, config, error] of refused) {
  test(`${what} is refused, and the machine keeps the network it has`, async () => {
    const machine = memoryMachine({ files: { ...before, ...nics } })
    await assert.rejects(
      applyNetwork(machine, config, options),
      (thrown) => thrown instanceof ConfigError && error.test(thrown.message),
    )
    assertUntouched(machine)
  })
}

test('a MAC address that two interfaces of the machine have is refused, unless the driver tells which', async () => {
  const match = { macaddress: '52:54:00:00:00:01' }
  const config = (more: JsonObject) => v2({ ethernets: { lan: { match: { ...match, ...more }, dhcp4: true } } })
  const machine = memoryMachine({ files: { ...before, ...twins } })
  await assert.rejects(
    applyNetwork(machine, config({}), options),
    /^ConfigError: ethernets\.lan: eth0 and eth1 have the MAC address 52:54:00:00:00:01: say which is meant by its driver/,
  )
  assertUntouched(machine)
  assert.equal(await applyNetwork(machine, config({ driver: 'mlx5_core' }), { ...options, bringsUp: false }), true)
  // Nothing was said about a name: the other one has its own.
  assert.deepEqual(machine.commands, [])
})

test('what works in part is told with its place, and written', async () => {
  const cases: readonly (readonly [JsonObject, RegExp])[] = [
    [
      v2({ ethernets: { eth0: { addresses: ['192.0.2.5'] } } }),
      /ethernets\.eth0\.addresses\[0\]: has no prefix length/,
    ],
    [v1(staticOn('eth0', { address: '192.0.2.5' })), /config\[0\]\.subnets\[0\]\.address: has no prefix length/],
    [v2({ ethernets: { eth0: { addresses: ['192.0.2.5/24', '192.0.2.5/24'] } } }), /192\.0\.2\.5\/24 is given twice/],
    [v2({ ethernets: { eth0: { addresses: ['2001:db8::5/64'], mtu: 1000 } } }), /1000 is too small for IPv6/],
    [
      v2({ ethernets: { eth0: { addresses: ['192.0.2.5/24'], routes: [{ to: '10.0.0.0/8', via: '198.51.100.1' }] } } }),
      /eth0\.routes: the gateway 198\.51\.100\.1 of 10\.0\.0\.0\/8 is in no network of this interface/,
    ],
    [
      v2({ ethernets: { lan: { match: { macaddress: '52:54:00:00:00:99' }, 'set-name': 'lan', dhcp4: true } } }),
      /ethernets\.lan: no interface of this machine has the MAC address 52:54:00:00:00:99/,
    ],
  ]
  for (const [config, warning] of cases) {
    const machine = memoryMachine({ files: nics })
    assert.equal(await applyNetwork(machine, config, { ...options, bringsUp: false }), true)
    assert.match(machine.records.map(({ message }) => message).join('\n'), warning)
  }
})

test('a gateway that a route of the link or an onlink flag makes reachable is nobody’s fault', async () => {
  const eth0 = {
    addresses: ['192.0.2.5/32'],
    routes: [
      { to: '172.31.1.1/32' },
      { to: '0.0.0.0/0', via: '172.31.1.1' },
      { to: '10.0.0.0/8', via: '10.9.9.9', 'on-link': true },
      { to: '2001:db8::/32', via: 'fe80::1' },
    ],
  }
  const machine = memoryMachine({ files: nics })
  await applyNetwork(machine, v2({ ethernets: { eth0 } }), { ...options, bringsUp: false })
  assert.deepEqual(
    machine.records.filter(({ level }) => level === 'WARNING'),
    [],
  )
})

test('an interface that the kernel has not found yet is waited for', async () => {
  const config = v2({ ethernets: { lan0: { match: { macaddress: '52:54:00:00:00:09' }, 'set-name': 'lan0' } } })
  const machine = memoryMachine({
    files: nics,
    which: ['udevadm', 'ip'],
    onCommand: (argv, _options, here) => {
      if (argv[0] === 'udevadm') here.files.write('/sys/class/net/eth2/address', '52:54:00:00:00:09\n')
      return ''
    },
  })
  await applyNetwork(machine, config, { ...options, bringsUp: false })
  const lines = machine.commands.map(({ argv }) => argv.join(' '))
  assert.equal(lines[0], 'udevadm settle --timeout=30')
  assert.ok(lines.includes('ip link set dev eth2 name lan0'), lines.join('\n'))
})

test('names in other alphabets are names', async () => {
  const machine = memoryMachine({ files: nics })
  await applyNetwork(machine, v1(physical('réseau0')), { ...options, bringsUp: false })
  assert.ok(machine.tree()['/etc/systemd/network/10-cloud-init-réseau0.network'])
})

test('a document without an end, in depth or in breadth, is refused or read in bounded time', async () => {
  const machine = memoryMachine({ files: nics })
  let deep: Json = 'x'
  for (let level = 0; level < 20_000; level += 1) deep = [deep]
  const apply = (config: JsonObject) => applyNetwork(machine, config, { ...options, bringsUp: false })
  await assert.rejects(apply(v2({ ethernets: { eth0: { match: deep } } })), /is nested too deeply/)
  const many = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [
      `e${index}`,
      { addresses: [`10.${index >> 8}.${index & 255}.1/24`] },
    ]),
  )
  const { renderNetwork } = await import('../../src/network/apply.ts')
  assert.equal(renderNetwork(machine, v2({ ethernets: many }), options).files.length, 20_000)
})
