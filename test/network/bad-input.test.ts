import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Json } from '../../src/machine/json.ts'
import { parseNetwork } from '../../src/network/parse/index.ts'

const parse = (config: Json) => parseNetwork(config, { nics: [], warn: () => {} })
const v1 = (...config: Json[]): Json => ({ version: 1, config })
const eth0 = (subnet: Json): Json => v1({ type: 'physical', name: 'eth0', subnets: [subnet] })
const ethernets = (devices: Json): Json => ({ version: 2, ethernets: devices })

const refused: readonly (readonly [what: string, config: Json, key: RegExp])[] = [
  ['no version', { config: [] }, /^network\.version/],
  ['an unknown version', { version: 3 }, /^network\.version/],
  ['a list', [], /^network/],
  ['an unknown type', v1({ type: 'tunnel', name: 'a' }), /^config\[0\]\.type/],
  ['a name with a slash', v1({ type: 'physical', name: '../eth0' }), /^config\[0\]\.name/],
  ['a name of sixteen characters', v1({ type: 'physical', name: 'abcdefghijklmnop' }), /^config\[0\]\.name.*15/],
  ['a name with a line break', v1({ type: 'physical', name: 'a\nb' }), /^config\.0\.name/],
  ['a name that a shell would run', v1({ type: 'physical', name: '$(reboot)' }), /^config\[0\]\.name/],
  ['an address that is none', eth0({ type: 'static', address: '192.0.2.300/24' }), /subnets\[0\]\.address/],
  ['a prefix that is none', eth0({ type: 'static', address: '192.0.2.3/33' }), /subnets\[0\]\.address/],
  ['a netmask with holes', eth0({ type: 'static', address: '192.0.2.3', netmask: '255.0.255.0' }), /\.address/],
  ['a gateway that is none', eth0({ type: 'static', address: '192.0.2.3/24', gateway: 'up; reboot' }), /\.gateway/],
  [
    'a metric that is a command',
    eth0({ type: 'dhcp', routes: [{ network: '10.0.0.0/8', metric: '1; reboot' }] }),
    /metric/,
  ],
  ['an unknown kind of subnet', eth0({ type: 'bootp' }), /subnets\[0\]\.type/],
  ['a MAC address that is none', v1({ type: 'physical', name: 'a', mac_address: '", RUN+="x' }), /mac_address/],
  [
    'an option that is a command',
    v1({ type: 'bridge', name: 'b', bridge_interfaces: [], params: { 'a b': 1 } }),
    /params/,
  ],
  [
    'a value with a line break',
    ethernets({ eth0: { dhcp4: true, 'dhcp4-overrides': { hostname: 'a\n[X]' } } }),
    /hostname/,
  ],
  ['one name for two', ethernets({ a: { 'set-name': 'x' }, b: { 'set-name': 'x' } }), /two interfaces/],
  ['a section nobody knows', { version: 2, ethernet: {} }, /^ethernet/],
  ['a route without destination', ethernets({ a: { dhcp4: true, routes: [{ via: '10.0.0.1' }] } }), /routes\[0\]\.to/],
  ['a circle of bridges', { version: 2, bridges: { a: { interfaces: ['b'] }, b: { interfaces: ['a'] } } }, /circle/],
]

for (const [what, config, key] of refused) {
  test(`${what} is refused, and the error names the key`, () => {
    assert.throws(
      () => parse(config),
      (error) => error instanceof ConfigError && key.test(error.message),
    )
  })
}

test('a gateway on a link without an address of its family is told', () => {
  const warnings: string[] = []
  const config = ethernets({ eth0: { addresses: ['2001:db8::5/64'], gateway4: '192.0.2.1' } })
  parseNetwork(config, { nics: [], warn: (message) => warnings.push(message) })
  assert.match(warnings.join(), /ethernets\.eth0\.gateway4: the link has no IPv4 address/)
})

test('an entry without its required keys is left out, and told', () => {
  const warnings: string[] = []
  const model = parseNetwork(v1({ type: 'physical' }, { type: 'physical', name: 'eth1' }), {
    nics: [],
    warn: (message) => warnings.push(message),
  })
  assert.deepEqual(
    model.links.map(({ name }) => name),
    ['eth1'],
  )
  assert.deepEqual(warnings, ['config[0]: a physical without name is left out'])
})
