import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewUser } from '../../src/distros/distro.ts'
import { loadDistro } from '../../src/distros/index.ts'
import { PackagesFailed } from '../../src/machine/errors.ts'
import { type MemoryMachine, type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'

const machineWith = (options: MemoryOptions = {}): MemoryMachine =>
  memoryMachine({ onCommand: () => '', which: ['dnf', 'zypper', 'apk'], ...options })

const lines = (machine: MemoryMachine): string[] => machine.commands.map(({ argv }) => argv.join(' '))

test('each family installs, upgrades and refreshes with its own tool', async () => {
  const cases = [
    { id: 'rocky', expected: ['dnf -y install a b-2', 'dnf -y upgrade', 'dnf -y makecache'] },
    {
      id: 'opensuse-leap',
      expected: [
        'zypper --non-interactive install --auto-agree-with-licenses a b-2',
        'zypper --non-interactive update',
        'zypper --non-interactive refresh',
      ],
    },
    {
      id: 'alpine',
      expected: [
        'apk --quiet update',
        'apk --quiet add a b=2',
        'apk --quiet upgrade --update-cache --available',
        'apk --quiet update',
      ],
    },
  ]
  for (const { id, expected } of cases) {
    const machine = machineWith()
    const { packages } = await loadDistro(id, {}, machine)
    await packages.install(machine, ['a', ['b', '2']])
    await packages.upgrade(machine)
    await packages.refresh(machine, { force: true })
    assert.deepEqual(lines(machine), expected)
    assert.deepEqual(machine.records, [])
  }
})

test('without dnf yum is used, and a transactional system changes its next snapshot', async () => {
  const old = machineWith({ which: ['yum'] })
  await (await loadDistro('centos', {}, old)).packages.install(old, ['a'])
  assert.deepEqual(lines(old), ['yum -t -y install a'])
  const micro = machineWith({
    files: { '/usr/sbin/transactional-update': 'x', '/proc/self/mountinfo': '1 0 0:1 / / ro - btrfs /dev/vda3 ro\n' },
  })
  await (await loadDistro('opensuse-microos', {}, micro)).packages.install(micro, ['a'])
  assert.match(lines(micro)[0] ?? '', /^transactional-update .* pkg install --auto-agree-with-licenses a$/)
})

test('one package that can’t be installed does not keep the others from it, and an option is no package', async () => {
  const machine = machineWith({ onCommand: (argv) => (argv.includes('bad') ? { exitCode: 1 } : '') })
  const { packages } = await loadDistro('rhel', {}, machine)
  await assert.rejects(
    packages.install(machine, ['good', 'bad', '--nogpgcheck']),
    (error) => error instanceof PackagesFailed && error.packages.join() === '--nogpgcheck,bad',
  )
  assert.deepEqual(lines(machine), ['dnf -y install good bad', 'dnf -y install good', 'dnf -y install bad'])
})

test('the locale is kept where the distribution keeps it', async () => {
  const machine = machineWith({ files: { '/etc/locale.conf': 'LC_TIME=C\nLANG="de_DE.UTF-8"\n' } })
  const rhel = await loadDistro('rhel', {}, machine)
  assert.equal(rhel.identity.readLocale(machine), 'de_DE.UTF-8')
  await rhel.identity.applyLocale(machine, { name: 'fr_FR.UTF-8', packages: rhel.packages })
  assert.equal(machine.files.readText('/etc/locale.conf'), 'LC_TIME=C\nLANG=fr_FR.UTF-8\n')
  await assert.rejects(
    async () => rhel.identity.applyLocale(machine, { name: 'x\ny', packages: rhel.packages }),
    /is not a locale/,
  )
  const alpine = await loadDistro('alpine', {}, machine)
  await alpine.identity.applyLocale(machine, { name: 'C.UTF-8', packages: alpine.packages })
  assert.match(machine.files.readText('/etc/profile.d/50-cloud-init-locale.sh'), /^export LANG=C.UTF-8$/m)
})

test('OpenRC restarts where others reload', async () => {
  const machine = machineWith()
  const { services } = await loadDistro('alpine', {}, machine)
  await services.manage(machine, 'reload', 'chronyd')
  await services.manage(machine, 'enable', 'chronyd')
  assert.deepEqual(lines(machine), ['rc-service --nocolor chronyd restart', 'rc-update --nocolor add chronyd'])
})

test('the SSH service has the family’s name, whatever the image’s cloud.cfg says', async () => {
  const machine = machineWith()
  assert.equal((await loadDistro('rhel', { ssh_svcname: 'ssh' }, machine)).systemInfo['ssh_svcname'], 'sshd')
  assert.equal((await loadDistro('debian', { ssh_svcname: 'ssh' }, machine)).systemInfo['ssh_svcname'], 'ssh')
})

test('a user made on Raspberry Pi OS settles who logs in first', async () => {
  const machine = machineWith({ files: { '/etc/passwd': '', '/etc/group': '', '/etc/shadow': '' } })
  const { accounts, identity, packages } = await loadDistro('raspberry-pi-os', {}, machine)
  const user: NewUser = { name: 'bob', createHome: true, createUserGroup: true, initLog: true }
  await accounts.createUser(machine, user)
  const rename = machine.commands.find(({ argv }) => argv[0] === '/usr/bin/rename-user')
  assert.equal(rename?.options.env?.['SUDO_USER'], 'bob')
  await identity.applyLocale(machine, { name: 'de_DE.UTF-8', packages })
  assert.equal(lines(machine).at(-1), '/usr/bin/raspi-config nonint do_change_locale de_DE.UTF-8')
})
