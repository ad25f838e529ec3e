import assert from 'node:assert/strict'
import { test } from 'node:test'
import packagesModule from '../../modules/package_update_upgrade_install.ts'
import { loadDistro } from '../../src/distros/index.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { MemoryCommandHandler, MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { commandLines, complaints, contextFor, madeUpDebian } from './made-up-debian.ts'

interface World {
  readonly known?: readonly string[]
  readonly installed?: readonly string[]
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly onCommand?: MemoryCommandHandler
}

const machineOf = ({
  known = ['htop', 'vim', 'git'],
  installed = [],
  files = {},
  onCommand,
}: World = {}): MemoryMachine =>
  madeUpDebian({
    files,
    which: ['apt-get', 'apt-cache', ...installed],
    onCommand: async (argv, options, machine) =>
      (await onCommand?.(argv, options, machine)) ?? (argv[0] === 'apt-cache' ? `${known.join('\n')}\n` : ''),
  })

const run = async (machine: MemoryMachine, config: JsonObject, distro = 'debian', systemInfo: JsonObject = {}) => {
  const context = await contextFor(machine, config)
  await packagesModule.run(config, { ...context, distro: await loadDistro(distro, systemInfo, machine) })
}

/** Options left out: they are a matter of taste. */
const plain = (machine: MemoryMachine): string[] => commandLines(machine).map((line) => line.replaceAll(/ -\S+/g, ''))

test('the lists are refreshed once, then what is wanted happens', async () => {
  const cases: [JsonObject, string[]][] = [
    [{ packages: ['htop', ['vim', '2:9.0']] }, ['apt-get update', 'apt-get install htop vim=2:9.0']],
    [{ package_update: true }, ['apt-get update']],
    [{ apt_update: true, apt_upgrade: true }, ['apt-get update', 'apt-get dist-upgrade']],
    [
      { package_upgrade: true, package_update: true, packages: ['git', { apt: ['htop'] }] },
      ['apt-get update', 'apt-get dist-upgrade', 'apt-get install git htop'],
    ],
    [{ package_update: false }, []],
  ]
  for (const [config, expected] of cases) {
    const machine = machineOf()
    await run(machine, config)
    assert.deepEqual(plain(machine), expected, JSON.stringify(config))
  }
})

test('nobody is asked anything, and changed configuration files stay', async () => {
  const machine = machineOf()
  await run(machine, { packages: ['htop'] })
  const install = machine.commands.find(({ argv }) => argv.includes('install'))
  assert.equal(install?.options.env?.['DEBIAN_FRONTEND'], 'noninteractive')
  assert.ok(install?.argv.includes('--assume-yes'))
  assert.ok(install?.argv.includes('--option=Dpkg::Options::=--force-confold'))
})

test('a package that nobody knows does not stop the others', async () => {
  const machine = machineOf()
  await assert.rejects(
    run(machine, { packages: ['htop', 'no-such-thing', '--purge', ['a', '1', '2']] }),
    /a,1,2.*no-such-thing/,
  )
  assert.deepEqual(plain(machine), ['apt-get update', 'apt-get install htop'])
})

test('packages that can not be installed together are tried one by one', async () => {
  const machine = machineOf({ onCommand: (argv) => (argv.includes('vim') ? { exitCode: 100 } : undefined) })
  await assert.rejects(run(machine, { packages: ['htop', 'vim', 'git'] }), /packages not installed: vim/)
  assert.deepEqual(plain(machine).slice(2), ['apt-get install htop', 'apt-get install vim', 'apt-get install git'])
})

test('lists that can not be refreshed stop nothing', async () => {
  const machine = machineOf({ onCommand: (argv) => (argv.includes('update') ? { exitCode: 100 } : undefined) })
  await run(machine, { packages: ['htop'] })
  assert.deepEqual(plain(machine), ['apt-get update', 'apt-get install htop'])
  assert.match(complaints(machine).join(), /lists are as old as the image/)
})

test('another process’s lock is waited for', async () => {
  let locked = 3
  const machine = machineOf({
    installed: ['lslocks'],
    onCommand: (argv) => {
      if (argv[0] === 'lslocks') return locked > 0 ? '/var/lib/apt/lists/lock\n' : ''
      if (!argv.includes('update')) return undefined
      locked -= 1
      return { exitCode: locked > 0 ? 100 : 0 }
    },
  })
  await run(machine, { package_update: true })
  assert.deepEqual(plain(machine), ['apt-get update', 'apt-get update', 'apt-get update'])
})

test('apt-get is called as system_info says, and by eatmydata where that is installed', async () => {
  const wrapped = machineOf({ installed: ['eatmydata'] })
  await run(wrapped, { package_update: true })
  assert.match(commandLines(wrapped).join(), /^eatmydata apt-get /)

  const own = machineOf({ installed: ['eatmydata'] })
  const systemInfo = {
    apt_get_command: ['apt-get', '-y'],
    apt_get_upgrade_subcommand: 'upgrade',
    apt_get_wrapper: { command: ['nice', '-n5'], enabled: true },
  }
  await run(own, { package_upgrade: true }, 'debian', systemInfo)
  assert.deepEqual(commandLines(own), ['nice -n5 apt-get -y update', 'nice -n5 apt-get -y upgrade'])
})

test('packages may be named by their manager', async () => {
  const machine = machineOf({ installed: ['snap'] })
  await run(machine, { packages: [{ snap: ['certbot', ['lxd', '--channel=5.15/stable']] }, { apt: ['htop'] }] })
  assert.deepEqual(commandLines(machine).slice(2), ['snap install certbot', 'snap install lxd --channel=5.15/stable'])
})

test('a manager that is not installed is an error that names it', async () => {
  const machine = machineOf()
  await assert.rejects(
    run(machine, { packages: [{ snap: ['certbot'] }, 'htop'] }),
    /package manager snap is not installed/,
  )
  assert.deepEqual(plain(machine), ['apt-get update', 'apt-get install htop'])
})

test('Ubuntu asks snap for what apt does not have', async () => {
  const machine = machineOf({ installed: ['snap'] })
  await run(machine, { packages: ['htop', 'certbot'] }, 'ubuntu')
  assert.deepEqual(plain(machine), ['apt-get update', 'apt-get install htop', 'snap install certbot'])
})

test('Ubuntu upgrades its snaps as well, unless they are held', async () => {
  const held = '{"refresh": {"hold": "forever"}}'
  for (const [system, expected] of [
    ['{}', ['apt-get update', 'apt-get dist-upgrade', 'snap refresh']],
    ['no JSON', ['apt-get update', 'apt-get dist-upgrade', 'snap refresh']],
    [held, ['apt-get update', 'apt-get dist-upgrade']],
  ] as const) {
    const machine = machineOf({ installed: ['snap'], onCommand: (argv) => (argv[1] === 'get' ? system : undefined) })
    await run(machine, { package_upgrade: true }, 'ubuntu')
    assert.deepEqual(plain(machine), expected)
  }
})

test('a reboot happens when it is wanted and a package asks for it', async () => {
  const wanted = { packages: ['htop'], package_reboot_if_required: true }
  const quiet = machineOf()
  await run(quiet, wanted)
  assert.ok(!commandLines(quiet).includes('reboot'))

  const asking = machineOf({ files: { '/run/reboot-required': '' } })
  await assert.rejects(run(asking, wanted), /did not happen/)
  assert.equal(commandLines(asking).at(-1), 'reboot')

  const unwanted = machineOf({ files: { '/run/reboot-required': '' } })
  await run(unwanted, { packages: ['htop'] })
  assert.ok(!commandLines(unwanted).includes('reboot'))
})
