import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/machine/errors.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { applyNetwork } from '../../src/network/apply.ts'
import { chooseNetwork } from '../../src/network/choose-source.ts'

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
