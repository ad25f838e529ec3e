import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMachine } from '../../src/machine/memory.ts'
import { networkDifference } from '../../src/network/diff.ts'
import { maskSecrets } from '../../src/network/masked.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const nics = { ...linkFiles('eth0', '52:54:00:00:00:01', 2), ...linkFiles('eth1', '52:54:00:00:00:02', 3) }
const swapped = {
  version: 2,
  ethernets: {
    a: { match: { macaddress: '52:54:00:00:00:01' }, 'set-name': 'eth1', dhcp4: true },
    b: { match: { macaddress: '52:54:00:00:00:02' }, 'set-name': 'eth0' },
  },
}
const folder = '/etc/systemd/network'
const networkd = { renderer: 'networkd', distro: 'debian' }

test('a difference names files that would come, change and go, and renames; nothing is touched', async () => {
  const machine = memoryMachine({
    files: {
      ...nics,
      [`${folder}/10-cloud-init-eth0.network`]: '[Match]\nName=eth0\n',
      [`${folder}/10-cloud-init-old.network`]: 'old\n',
      [`${folder}/50-mine.network`]: 'mine\n',
    },
  })
  const before = machine.tree()
  const { files, renames } = await networkDifference(machine, swapped, networkd)
  assert.deepEqual(
    files.map(({ path, change, mode }) => [path.slice(folder.length + 1), change, mode].join(' ')).sort(),
    [
      '10-cloud-init-eth0.link new 0644',
      '10-cloud-init-eth0.network changed 0644',
      '10-cloud-init-eth1.link new 0644',
      '10-cloud-init-eth1.network new 0644',
      '10-cloud-init-old.network removed ',
    ],
  )
  const changed = files.find(({ change }) => change === 'changed')
  assert.equal(changed?.before, '[Match]\nName=eth0\n')
  assert.match(changed?.after ?? '', /MACAddress=52:54:00:00:00:02/)
  assert.deepEqual(renames, [
    { from: 'eth0', to: 'eth1' },
    { from: 'eth1', to: 'eth0' },
  ])
  assert.deepEqual(machine.tree(), before)
  assert.deepEqual(machine.commands, [])
})

test('there is no difference once it is applied', async () => {
  const { applyNetwork } = await import('../../src/network/apply.ts')
  const machine = memoryMachine({ files: linkFiles('eth0', '52:54:00:00:00:01', 2) })
  const config = { version: 2, ethernets: { eth0: { dhcp4: true } } }
  for (const renderer of ['networkd', 'eni', 'netplan', 'sysconfig', 'network-manager']) {
    const options = { renderer, distro: 'debian', bringsUp: false }
    await applyNetwork(machine, config, options)
    assert.deepEqual(await networkDifference(machine, config, options), { files: [], renames: [] }, renderer)
  }
})

test('a file that others can read but should not is a difference', async () => {
  const { applyNetwork } = await import('../../src/network/apply.ts')
  const machine = memoryMachine()
  const config = { version: 2, ethernets: { eth0: { dhcp4: true } } }
  await applyNetwork(machine, config, { renderer: 'netplan', distro: 'ubuntu', bringsUp: false })
  machine.files.setMode('/etc/netplan/50-cloud-init.yaml', 0o644)
  const { files } = await networkDifference(machine, config, { renderer: 'netplan', distro: 'ubuntu' })
  assert.deepEqual(
    files.map(({ change, mode }) => [change, mode]),
    [['mode', '0600']],
  )
})

test('secrets are numbered: never shown, and a change can be seen', () => {
  const { text } = maskSecrets()
  const netplan = (password: string) =>
    `network:
  version: 2
  wifis: {w: {access-points: {home: {password: ${password}, auth: {client-key-password: |
    multi
    line}}}}}
  tunnels: {wg: {key: wgprivate, keys: {private: deeper, public: shown}}} # password: in a comment
`.replace('|\n    multi\n    line', '"multi\\nline"')
  const first = text('/etc/netplan/50-cloud-init.yaml', netplan('hunter2')) ?? ''
  const second = text('/etc/netplan/50-cloud-init.yaml', netplan('hunter3')) ?? ''
  assert.doesNotMatch(`${first}${second}`, /hunter|multi|wgprivate|deeper|comment/)
  assert.match(first, /public: shown/)
  assert.notEqual(first, second)
  assert.equal(text('/etc/netplan/50-cloud-init.yaml', netplan('hunter2')), first)
  const keyfile = text('/x.nmconnection', '[wifi-security]\nkey-mgmt=wpa-psk\npsk=hunter2\nprivate-key-password=x\n')
  assert.equal(keyfile, '[wifi-security]\nkey-mgmt=wpa-psk\npsk=<secret 1>\nprivate-key-password=<secret 6>\n')
  assert.equal(
    text('/etc/network/interfaces', '  wpa-psk hunter2\n  address 192.0.2.1\n'),
    '  wpa-psk <secret 1>\n  address 192.0.2.1\n',
  )
})

test('a file whose secrets can’t be told from the rest is not shown', () => {
  assert.equal(maskSecrets().text('/etc/netplan/50-cloud-init.yaml', 'network: [password: hunter2'), undefined)
})
