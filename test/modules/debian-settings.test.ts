import assert from 'node:assert/strict'
import { test } from 'node:test'
import byobu from '../../modules/byobu.ts'
import disableEc2Metadata from '../../modules/disable_ec2_metadata.ts'
import fan from '../../modules/fan.ts'
import grubDpkg from '../../modules/grub_dpkg.ts'
import resolvConf from '../../modules/resolv_conf.ts'
import autoinstall from '../../modules/ubuntu_autoinstall.ts'
import drivers from '../../modules/ubuntu_drivers.ts'
import { acceptConfig } from '../../src/cloudconfig/accept.ts'
import type { ConfigModule, ModuleContext } from '../../src/cloudconfig/module.ts'
import { loadDistro } from '../../src/distros/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

const run = async (
  module: ConfigModule,
  config: JsonObject,
  options: MemoryOptions = {},
  more: Partial<ModuleContext> = {},
): Promise<MemoryMachine> => {
  const machine = madeUpDebian({
    ...options,
    onCommand: async (argv, given, own) => (await options.onCommand?.(argv, given, own)) ?? '',
  })
  await module.run(await acceptConfig(module, config, machine.log), await contextFor(machine, config, {}, more))
  return machine
}

/** What debconf-set-selections was told. */
const answers = (machine: MemoryMachine) =>
  machine.commands.find(({ argv }) => argv[0] === 'debconf-set-selections')?.options.input

test('byobu is set for everybody by debconf, and for the default user by its own tool', async () => {
  const on = 'byobu byobu/launch-by-default boolean true\n'
  const off = 'byobu byobu/launch-by-default boolean false\n'
  const install = 'sudo -Hu debian byobu-launcher-install'
  const uninstall = 'sudo -Hu debian byobu-launcher-uninstall'
  const cases = [
    { value: 'enable-system', user: undefined, system: on },
    { value: 'system', user: undefined, system: on },
    { value: 'enable-user', user: install, system: on },
    { value: 'disable-user', user: uninstall, system: undefined },
    { value: 'disable-system', user: undefined, system: off },
    { value: 'disable', user: uninstall, system: off },
  ]
  for (const { value, user, system } of cases) {
    const machine = await run(byobu, { byobu_by_default: value, users: ['default'] }, { which: ['byobu'] })
    assert.equal(
      commandLines(machine).find((line) => line.startsWith('sudo')),
      user,
    )
    assert.equal(answers(machine), system)
    assert.equal(
      commandLines(machine).includes('dpkg-reconfigure byobu --frontend=noninteractive'),
      system !== undefined,
    )
  }
  assert.deepEqual((await run(byobu, {})).commands, [])
})

test('GRUB’s disk is as given, or found out by a name that stays', async () => {
  const given = { enabled: true, 'grub-pc/install_devices': '/dev/sda', 'grub-pc/install_devices_empty': 'no' }
  const line = 'grub-pc grub-pc/install_devices string'
  const empty = 'grub-pc grub-pc/install_devices_empty boolean'
  assert.equal(answers(await run(grubDpkg, { grub_dpkg: given })), `${line} /dev/sda\n${empty} false\n`)
  const world: MemoryOptions = {
    which: ['grub-probe'],
    files: { '/dev/vda': { device: true } },
    onCommand: (argv) => {
      if (argv[0] === 'grub-probe') return '/dev/vda\n'
      return argv[0] === 'udevadm' ? '/dev/disk/by-path/x /dev/disk/by-id/virtio-b /dev/disk/by-id/virtio-a\n' : ''
    },
  }
  const found = await run(grubDpkg, { grub_dpkg: { enabled: true } }, world)
  assert.equal(answers(found), `${line} /dev/disk/by-id/virtio-a\n${empty} false\n`)
  const unknown = await run(grubDpkg, { grub_dpkg: { enabled: true } })
  assert.equal(answers(unknown), `${line} \n${empty} true\n`)
  const efi = { files: { '/sys/firmware/efi/': '' } }
  const old = await run(grubDpkg, { 'grub-dpkg': { enabled: true, 'grub-efi/install_devices': '/dev/sda1' } }, efi)
  assert.equal(answers(old), 'grub-pc grub-efi/install_devices string /dev/sda1\n')
  assert.deepEqual((await run(grubDpkg, { grub_dpkg: { enabled: false } })).commands, [])
  assert.deepEqual((await run(grubDpkg, { grub_dpkg: {} })).commands, [])
})

test('resolv.conf has servers, domains, and options with and without values', async () => {
  const resolv_conf = {
    nameservers: ['192.0.2.1', '2001:db8::1'],
    searchdomains: ['a.example', 'b.example'],
    domain: 'example',
    sortlist: ['10.0.0.0/8'],
    options: { timeout: 1, rotate: true, debug: false, attempts: 2 },
  }
  const machine = await run(resolvConf, { manage_resolv_conf: true, resolv_conf })
  assert.deepEqual(machine.files.readText('/etc/resolv.conf').split('\n').slice(1), [
    'nameserver 192.0.2.1',
    'nameserver 2001:db8::1',
    'search a.example b.example',
    'domain example',
    'sortlist 10.0.0.0/8',
    'options rotate attempts:2 timeout:1',
    '',
  ])
  const photon = { distro: await loadDistro('photon', {}, machine) }
  const resolved = await run(resolvConf, { manage_resolv_conf: true, resolv_conf }, {}, photon)
  assert.deepEqual(resolved.files.readText('/etc/systemd/resolved.conf').split('\n').slice(1), [
    '[Resolve]',
    'LLMNR=false',
    'DNS=192.0.2.1 2001:db8::1',
    'Domains=a.example b.example',
    '',
  ])
})

test('resolv.conf stays unless it is to be managed, and an odd address is told', async () => {
  const off = await run(resolvConf, { manage_resolv_conf: false, resolv_conf: { nameservers: ['192.0.2.1'] } })
  assert.equal(off.files.exists('/etc/resolv.conf'), false)
  const nothing = await run(resolvConf, { manage_resolv_conf: true })
  assert.match(complaints(nothing).join(), /resolv_conf does not say what to write/)
  await assert.rejects(
    run(resolvConf, { manage_resolv_conf: true, resolv_conf: { nameservers: ['a b'] } }),
    /resolv_conf.nameservers\[0\]: expected an address/,
  )
})

test('the way to EC2’s metadata is closed, also when it is closed already', async () => {
  const byIp = await run(disableEc2Metadata, { disable_ec2_metadata: true }, { which: ['ip'] })
  assert.deepEqual(commandLines(byIp), ['ip route replace prohibit 169.254.169.254'])
  const byRoute = await run(disableEc2Metadata, { disable_ec2_metadata: true }, { which: ['route'] })
  assert.deepEqual(commandLines(byRoute), ['route add -host 169.254.169.254 reject'])
  const neither = await run(disableEc2Metadata, { disable_ec2_metadata: true }, { which: [] })
  assert.match(complaints(neither).join(), /the metadata stays reachable/)
  assert.deepEqual((await run(disableEc2Metadata, { disable_ec2_metadata: false }, { which: ['ip'] })).commands, [])
})

test('the fan is stopped, configured and started', async () => {
  const machine = await run(
    fan,
    { fan: { config: '10.0.0.0/8 eth0/16 dhcp', config_path: '/etc/fan' } },
    { which: ['fanctl'] },
  )
  assert.equal(machine.files.readText('/etc/fan'), '10.0.0.0/8 eth0/16 dhcp\n')
  assert.deepEqual(
    commandLines(machine),
    ['stop', 'start', 'enable'].map((verb) => `systemctl ${verb} ubuntu-fan`),
  )
})

test('NVIDIA’s drivers are installed only when the licence is accepted', async () => {
  const which = ['ubuntu-drivers', 'debconf-communicate']
  const accepted = { drivers: { nvidia: { 'license-accepted': true, version: '550' } } }
  const machine = await run(drivers, accepted, { which })
  assert.deepEqual(commandLines(machine), [
    'debconf-communicate cloud-init',
    'ubuntu-drivers install --gpgpu nvidia:550',
  ])
  assert.equal(machine.files.exists('/run/cloud-init/tmp/nvidia.template'), false)
  const refused = await run(drivers, { drivers: { nvidia: { 'license-accepted': false } } }, { which })
  assert.deepEqual(refused.commands, [])
})

test('autoinstall warns where no installer would read it', async () => {
  const config = { autoinstall: { version: 1 } }
  const list = (names: string): MemoryOptions => ({
    which: ['snap'],
    onCommand: (argv) => (argv[1] === 'list' ? `Name Version\n${names}` : ''),
  })
  assert.deepEqual(complaints(await run(autoinstall, config, list('core22 1\nsubiquity 5\n'))), [])
  assert.match(complaints(await run(autoinstall, config, list('core22 1\n'))).join(), /no installer is here/)
  assert.match(complaints(await run(autoinstall, config, { which: [] })).join(), /no installer is here/)
})
