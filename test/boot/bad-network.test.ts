/** What bad network config gets in a whole boot: the machine is reachable, the rest is done, one line says what is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryFile } from '../../src/machine/memory.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'
import { assertEnded, assertFitToRead, assertNothingElse, assertReachable, assertToldOnce } from './expectations.ts'
import { bootable, bootStages, diskOf, seed } from './made-up-boot.ts'

const networkFile = '/etc/systemd/network/10-cloud-init-eth0.network'
const userData = '#cloud-config\nwrite_files:\n  - {path: /etc/good, content: "good\\n"}\n'
const nics = { ...linkFiles('eth0', '52:54:00:00:00:01', 2), ...linkFiles('eth1', '52:54:00:00:00:02', 3) }

const machineWith = (networkConfig: string, more: Record<string, MemoryFile> = {}) =>
  bootable({
    which: (command) => (['netplan', 'ifup', 'nmcli'].includes(command) ? undefined : `/usr/bin/${command}`),
    onCommand: (argv) => (['udevadm', 'networkctl', 'systemctl'].includes(argv[0] ?? '') ? '' : undefined),
    files: {
      ...nics,
      ...seed(userData),
      '/var/lib/cloud/seed/nocloud/network-config': networkConfig,
      ...more,
    },
  })

const nested = `version: 2\nethernets: {eth0: {match: ${'['.repeat(60)}${']'.repeat(60)}}}`
const bomb = `version: 2\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghijk']
  .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`)}]\n`)
  .join('')}`

const cases: readonly (readonly [what: string, config: string, told: RegExp])[] = [
  [
    'a name with a slash',
    'version: 2\nethernets: {../eth0: {dhcp4: true}}',
    /ethernets\.\.\.\/eth0\.set-name: .*slash/,
  ],
  ['one name twice', 'version: 2\nethernets: {eth0: {}}\nbonds: {eth0: {interfaces: [eth1]}}', /two interfaces/],
  ['a bond of what is not there', 'version: 2\nbonds: {bond0: {interfaces: [eth9]}}', /bonds\.bond0: .* eth9/],
  ['a circle', 'version: 2\nbridges: {a: {interfaces: [b]}, b: {interfaces: [a]}}', /bridges\.a: a lies on itself/],
  ['an unknown section', 'version: 2\nethernet: {eth0: {dhcp4: true}}', /ethernet: is unknown/],
  ['no mapping', 'version: 2\nethernets: [eth0]', /ethernets: must be a mapping/],
  ['nesting without end', nested, /nested too deeply/],
]

for (const [what, config, told] of cases) {
  test(`${what} in the network config: DHCP instead, the rest of the boot is done, one line tells it`, async () => {
    const machine = machineWith(config)
    await bootStages(machine)
    assertEnded(machine)
    assertReachable(machine)
    assertToldOnce(machine, told)
    assertNothingElse(machine, [told, /using DHCP instead/])
    assertFitToRead(machine)
    assert.equal(machine.tree()['/etc/good']?.content, 'good\n')
    assert.match(machine.tree()[networkFile]?.content ?? '', /^DHCP=yes$/m)
    assert.deepEqual(
      machine.files.list('/etc/systemd/network').filter((name) => !name.includes('eth0')),
      [],
    )
  })
}

test('aliases that grow without end are told, and the boot goes on with DHCP', async () => {
  const machine = machineWith(bomb)
  await bootStages(machine)
  assertEnded(machine)
  assertReachable(machine)
  assertFitToRead(machine)
  assert.match(machine.tree()[networkFile]?.content ?? '', /^DHCP=yes$/m)
})

test('network config that breaks at a later boot leaves the machine the network it has', async () => {
  const updates = { '/etc/cloud/cloud.cfg.d/90-net.cfg': 'updates: {network: {when: [boot]}}\n' }
  const first = machineWith('version: 2\nethernets: {eth0: {addresses: [192.0.2.10/24]}}', updates)
  assert.deepEqual(await bootStages(first), [])
  const good = first.tree()[networkFile]
  assert.match(good?.content ?? '', /^Address=192\.0\.2\.10\/24$/m)
  const disk = diskOf(first)
  const second = machineWith('version: 2\nethernets: {eth0: {addresses: [192.0.2.300/24]}}', {
    ...disk,
    '/var/lib/cloud/seed/nocloud/network-config': 'version: 2\nethernets: {eth0: {addresses: [192.0.2.300/24]}}',
  })
  await bootStages(second)
  assertToldOnce(second, /ethernets\.eth0\.addresses\[0\]: "192\.0\.2\.300\/24" is not an IP address/)
  assert.equal(second.tree()[networkFile]?.content, good?.content)
})

test('the addresses that the machine has are told on the console, before the modules of the config stage', async () => {
  const machine = bootable({
    files: { ...nics, ...seed(userData) },
    addresses: [{ link: 'eth0', family: 4, ip: '192.0.2.10', prefix: 24 }],
  })
  await bootStages(machine)
  const told = machine.records.filter(({ announced, message }) => announced && message.startsWith('ci-info: '))
  assert.equal(told.length, 1)
  assert.match(
    told[0]?.message ?? '',
    /\| +eth0 +\| True \| 192\.0\.2\.10 \| 255\.255\.255\.0 \| global \| 52:54:00:00:00:01 \|/,
  )
})
