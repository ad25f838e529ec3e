import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/machine/errors.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { applyNames, applyNetwork } from '../../src/network/apply.ts'
import { chooseNetwork } from '../../src/network/choose-source.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const config = { version: 2, ethernets: { eth0: { dhcp4: true }, eth1: { addresses: ['192.0.2.5/24'] } } }
const commandsOf = (machine: ReturnType<typeof memoryMachine>) => machine.commands.map(({ argv }) => argv.join(' '))

test('netplan gets its file for root alone, and is told once', async () => {
  const machine = memoryMachine({ commands: { 'netplan generate': '' } })
  const options = { renderer: 'netplan', distro: 'ubuntu', bringsUp: false }
  assert.equal(await applyNetwork(machine, config, options), true)
  assert.equal(machine.tree()['/etc/netplan/50-cloud-init.yaml']?.mode, 0o600)
  assert.equal(await applyNetwork(machine, config, options), false)
  assert.deepEqual(commandsOf(machine), ['netplan generate'])
})

test('what is no longer wanted is removed, what others wrote stays', async () => {
  const machine = memoryMachine({ files: { '/etc/systemd/network/50-mine.network': '[Match]\n' } })
  const options = { renderer: 'networkd', distro: 'debian', bringsUp: false }
  await applyNetwork(machine, config, options)
  await applyNetwork(machine, { version: 2, ethernets: { eth1: { dhcp4: true } } }, options)
  assert.deepEqual(machine.files.list('/etc/systemd/network'), ['10-cloud-init-eth1.network', '50-mine.network'])
})

test('networkd can read its files where they belong to it', async () => {
  const machine = memoryMachine({ files: { '/etc/passwd': 'systemd-network:x:998:997::/:/usr/sbin/nologin\n' } })
  await applyNetwork(machine, config, { renderer: 'networkd', distro: 'debian', bringsUp: false })
  const file = machine.tree()['/etc/systemd/network/10-cloud-init-eth0.network']
  assert.deepEqual([file?.userId, file?.groupId], [998, 997])
})

test('one bad value, and no file is written at all', async () => {
  const machine = memoryMachine()
  const bad = { version: 2, ethernets: { eth0: { dhcp4: true }, eth1: { addresses: ['nonsense'] } } }
  const options = { renderer: 'eni', distro: 'debian', bringsUp: false }
  await assert.rejects(applyNetwork(machine, bad, options), ConfigError)
  assert.deepEqual(Object.keys(machine.tree()), [])
})

test('links come up by the tool that belongs to the renderer; one that fails does not stop the others', async () => {
  const machine = memoryMachine({ commands: { 'ifup eth1': '' } })
  await applyNetwork(machine, config, { renderer: 'eni', distro: 'debian', bringsUp: true })
  assert.deepEqual(commandsOf(machine), ['ifup eth0', 'ifup eth1'])
  assert.match(machine.records.map(({ message }) => message).join('\n'), /could not be brought up: ifup eth0/)
})

const silent = {
  cmdline: () => undefined,
  initramfs: () => undefined,
  system_cfg: () => undefined,
  ds: () => undefined,
  fallback: () => undefined,
}
const said = (name: string) => () => ({ version: 2, from: name })

test('the first source that says something is used, in the order that is asked for', () => {
  const all = {
    ...silent,
    cmdline: said('cmdline'),
    system_cfg: said('system_cfg'),
    ds: said('ds'),
    fallback: said('f'),
  }
  assert.equal(chooseNetwork(all)?.source, 'cmdline')
  assert.equal(chooseNetwork({ ...all, cmdline: () => undefined })?.source, 'system_cfg')
  assert.equal(chooseNetwork(all, ['ds', 'cmdline'])?.source, 'ds')
  assert.equal(chooseNetwork({ ...silent, fallback: said('f') })?.source, 'fallback')
  assert.equal(chooseNetwork(silent), undefined)
})

test('config: disabled ends the search', () => {
  const chosen = chooseNetwork({ ...silent, system_cfg: () => ({ config: 'disabled' }), ds: said('ds') })
  assert.deepEqual(chosen, { source: 'system_cfg', config: undefined })
})

const named = {
  version: 2,
  ethernets: {
    a: { match: { macaddress: '52:54:00:AA:00:01' }, 'set-name': 'lan0', dhcp4: true, wakeonlan: true },
    b: { match: { macaddress: '52:54:00:aa:00:02', driver: 'hv_netvsc' }, 'set-name': 'lan1' },
  },
  vlans: { v5: { id: 5, link: 'a', macaddress: '52:54:00:aa:00:05' } },
}

/** Two interfaces under the names that the kernel gave them. */
const twoNics = {
  '/sys/class/net/eth0/address': '52:54:00:aa:00:01\n',
  '/sys/class/net/eth1/address': '52:54:00:aa:00:02\n',
}

test('an interface that has its name without being told gets no file for it', async () => {
  const machine = memoryMachine({ files: twoNics })
  const ethernets = { a: { match: { macaddress: '52:54:00:aa:00:01' }, 'set-name': 'eth0', dhcp4: true } }
  await applyNetwork(machine, { version: 2, ethernets }, { renderer: 'networkd', distro: 'debian', bringsUp: false })
  assert.deepEqual(machine.files.list('/etc/systemd/network'), ['10-cloud-init-eth0.network'])
})

test('interfaces keep their names at later boots: udev is told, for tools that tell it nothing', async () => {
  for (const renderer of ['networkd', 'network-manager']) {
    const machine = memoryMachine({ files: twoNics })
    await applyNetwork(machine, named, { renderer, distro: 'debian', bringsUp: false })
    const links = machine.files.list('/etc/systemd/network').filter((name) => name.endsWith('.link'))
    assert.deepEqual(links, ['10-cloud-init-lan0.link', '10-cloud-init-lan1.link'])
    const file = (name: string) => machine.tree()[`/etc/systemd/network/10-cloud-init-${name}.link`]
    const lines = (name: string) => file(name)?.content.replaceAll(/^#.*\n/gm, '')
    assert.equal(file('lan0')?.mode, 0o644)
    assert.equal(
      lines('lan0'),
      '[Match]\nMACAddress=52:54:00:aa:00:01\nType=ether\n\n[Link]\nName=lan0\nWakeOnLan=magic\n',
    )
    assert.equal(
      lines('lan1'),
      '[Match]\nDriver=hv_netvsc\nMACAddress=52:54:00:aa:00:02\nType=ether\n\n[Link]\nName=lan1\n',
    )
  }
})

test('what a renderer left that is no longer used is removed, names included', async () => {
  const machine = memoryMachine()
  await applyNetwork(machine, named, { renderer: 'networkd', distro: 'debian', bringsUp: false })
  await applyNetwork(machine, named, { renderer: 'eni', distro: 'debian', bringsUp: false })
  assert.deepEqual(machine.files.list('/etc/systemd/network'), [])
  assert.match(machine.tree()['/etc/udev/rules.d/70-persistent-net.rules']?.content ?? '', /NAME="lan0"/)
})

test('a file that can’t be written takes the others back', async () => {
  const files = { '/etc/systemd/network/10-cloud-init-eth0.network': { content: 'before\n', mode: 0o640 } }
  const machine = memoryMachine({
    files,
    fault: (action, path) => (action === 'write' && path.endsWith('10-cloud-init-eth1.network') ? 'ENOSPC' : undefined),
  })
  await assert.rejects(applyNetwork(machine, config, { renderer: 'networkd', distro: 'debian', bringsUp: false }))
  const tree = machine.tree()
  assert.deepEqual(machine.files.list('/etc/systemd/network'), ['10-cloud-init-eth0.network'])
  const kept = tree['/etc/systemd/network/10-cloud-init-eth0.network']
  assert.deepEqual([kept?.content, kept?.mode], ['before\n', 0o640])
})

test('what netplan refuses is taken back, and its reason is told', async () => {
  const path = '/etc/netplan/50-cloud-init.yaml'
  const refusal = { exitCode: 78, stderr: `${path}:5:3: Error in network definition: unknown key 'wlan'\n` }
  const machine = memoryMachine({
    files: { [path]: { content: 'network: {version: 2}\n', mode: 0o600 } },
    commands: { 'netplan generate': refusal },
  })
  const options = { renderer: 'netplan', distro: 'ubuntu', bringsUp: false }
  await assert.rejects(
    applyNetwork(machine, { version: 2, ethernets: { eth0: { wlan: 1 } } }, options),
    /network: netplan refuses it: .*unknown key 'wlan'/,
  )
  assert.equal(machine.tree()[path]?.content, 'network: {version: 2}\n')
})

test('netplan failing for the sake of somebody else’s file is a warning', async () => {
  const refusal = { exitCode: 78, stderr: '/etc/netplan/99-mine.yaml:1:1: Invalid YAML\n' }
  const machine = memoryMachine({ commands: { 'netplan generate': refusal } })
  const options = { renderer: 'netplan', distro: 'ubuntu', bringsUp: false }
  assert.equal(await applyNetwork(machine, config, options), true)
  assert.match(machine.records.map(({ message }) => message).join('\n'), /not because of this configuration/)
})

test('names alone: two interfaces that were started with each other’s name get their own, nothing else is touched', async () => {
  const machine = memoryMachine({
    files: { ...linkFiles('lan0', '52:54:00:aa:00:02', 2), ...linkFiles('lan1', '52:54:00:aa:00:01', 3) },
    onCommand: () => '',
  })
  await applyNames(machine, {
    version: 1,
    config: [
      { type: 'physical', name: 'lan0', mac_address: '52:54:00:aa:00:01' },
      { type: 'physical', name: 'lan1', mac_address: '52:54:00:aa:00:02' },
    ],
  })
  const lines = commandsOf(machine)
  assert.ok(lines.some((line) => line.endsWith('name lan0')) && lines.some((line) => line.endsWith('name lan1')))
  assert.deepEqual(
    machine.journal.entries.filter(({ kind }) => kind === 'file'),
    [],
  )
})
