import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { memoryMachine } from '../../src/machine/memory.ts'
import { fallbackNetwork } from '../../src/network/fallback.ts'
import {
  bootMacOf,
  initramfsWasAsked,
  networkFromCmdline,
  networkFromInitramfs,
} from '../../src/network/from-cmdline.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const mac = '52:54:00:12:34:56'

test('BOOTIF= names the interface that the boot loader came in by', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['ro BOOTIF=01-52-54-00-12-34-56 ip=dhcp', mac],
    ['BOOTIF=52:54:00:12:34:56', mac],
    ['BOOTIF=01-52-54-00-AB-CD-EF', '52:54:00:ab:cd:ef'],
    ['BOOTIF=01-00-00-00-00-00-01 BOOTIF=01-52-54-00-12-34-56', mac],
    ['BOOTIF=eth0', undefined],
    ['BOOTIF=01-52-54', undefined],
    ['XBOOTIF=01-52-54-00-12-34-56', undefined],
    ['', undefined],
  ]
  for (const [cmdline, expected] of cases) assert.equal(bootMacOf(cmdline), expected, cmdline)
})

test('without any configuration, the interface of the boot loader gets DHCP, where there is one', () => {
  const machine = memoryMachine({
    files: { ...linkFiles('eth0', '52:54:00:00:00:01', 2), ...linkFiles('enp7s0', mac, 3) },
  })
  const names = (bootMac?: string) => Object.keys(Object(fallbackNetwork(machine, { bootMac })?.['ethernets']))
  assert.deepEqual(names(mac), ['enp7s0'])
  assert.deepEqual(names('52:54:00:00:00:99'), ['eth0'])
  assert.deepEqual(names(), ['eth0'])
})

const lease = (device: string): string => `DEVICE='${device}'
PROTO='dhcp'
IPV4ADDR='192.0.2.10'
IPV4BROADCAST='192.0.2.255'
IPV4NETMASK='255.255.255.0'
IPV4GATEWAY='192.0.2.1'
IPV4DNS0='192.0.2.53'
IPV4DNS1='0.0.0.0'
HOSTNAME='web'
DNSDOMAIN='example.test'
ROOTSERVER='192.0.2.1'
filename='/pxelinux.0'
DOMAINSEARCH='example.test'
`
const facts = {
  cmdline: 'ip=dhcp BOOTIF=01-52-54-00-12-34-56',
  files: [{ path: '/run/net-eth1.conf', text: lease('eth1') }],
  macs: new Map([
    ['eth0', '52:54:00:00:00:01'],
    ['eth1', mac],
  ]),
  isIscsiRoot: false,
}
const leased = (name: string, address: string) => ({
  version: 1,
  config: [
    {
      type: 'physical',
      name,
      mac_address: address,
      subnets: [
        {
          type: 'dhcp',
          control: 'manual',
          netmask: '255.255.255.0',
          broadcast: '192.0.2.255',
          gateway: '192.0.2.1',
          dns_nameservers: ['192.0.2.53'],
          dns_search: ['example.test'],
        },
      ],
    },
  ],
})

test('what the initramfs was given by DHCP is kept on its interface', () => {
  assert.equal(initramfsWasAsked(facts), true)
  assert.deepEqual(networkFromInitramfs(facts), leased('eth1', mac))
})

test('an interface that got another name since is found by BOOTIF=', () => {
  const macs = new Map([
    ['enp1s0', '52:54:00:00:00:01'],
    ['enp7s0', mac],
  ])
  assert.deepEqual(networkFromInitramfs({ ...facts, macs }), leased('enp7s0', mac))
})

test('an initramfs that was not asked for a network, or did not bring one up, says nothing', () => {
  for (const [what, changed] of Object.entries({
    'no ip=': { cmdline: 'BOOTIF=01-52-54-00-12-34-56' },
    'no notes': { files: [] },
  }))
    assert.equal(initramfsWasAsked({ ...facts, ...changed }), false, what)
  assert.equal(initramfsWasAsked({ ...facts, cmdline: '', isIscsiRoot: true }), true)
  assert.equal(initramfsWasAsked({ ...facts, cmdline: 'ip6=on' }), true)
})

test('a protocol that nobody knows is refused, also without an address', () => {
  const files = [{ path: '/run/net-eth0.conf', text: "DEVICE=eth0\nPROTO='bootp9'\n" }]
  assert.throws(() => networkFromInitramfs({ ...facts, files }), /PROTO: "bootp9" is unknown/)
})

test('network-config= is base64, perhaps gzip; the last one counts, and bombs end', () => {
  const packed = (text: string) => gzipSync(text).toString('base64')
  const cmdline = `network-config=${packed('{version: 1}')} network-config=${packed('{version: 2}')}`
  assert.deepEqual(networkFromCmdline(cmdline), { version: 2 })
  assert.deepEqual(networkFromCmdline('network-config=disabled'), { config: 'disabled' })
  assert.equal(networkFromCmdline('quiet'), undefined)
  assert.throws(() => networkFromCmdline(`network-config=${packed('#'.repeat(9 << 20))}`), /can't be decoded/)
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghijk'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`)}]`)
    .join('\n')}\n`
  assert.throws(() => networkFromCmdline(`network-config=${packed(bomb)}`), /alias|expand/i)
  assert.throws(() => networkFromCmdline(`network-config=${packed('[1]')}`), /network-config: .* must be a mapping/)
})
