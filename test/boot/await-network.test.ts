import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { MemoryMachine } from '../../src/machine/memory.ts'
import { bootable, bootStages, diskOf, imageFiles, seed, statusLines } from './made-up-boot.ts'

const wants = '/etc/systemd/system/network-online.target.wants'

const bootWith = async (
  userData: string | Uint8Array,
  files: Readonly<Record<string, string>> = {},
  answer: '' | { exitCode: number } = '',
): Promise<MemoryMachine> => {
  const machine = bootable({
    files: {
      '/run/systemd/system/': '',
      [`${wants}/systemd-networkd-wait-online.service`]: '',
      ...seed(userData),
      ...files,
    },
    onCommand: (argv) => (argv[0] === 'systemctl' && argv[1] === 'start' ? answer : undefined),
    which: (command) => `/usr/bin/${command}`,
  })
  await bootStages(machine)
  return machine
}

const started = (machine: MemoryMachine): string[] =>
  machine.commands.map(({ argv }) => argv.join(' ')).filter((line) => line.startsWith('systemctl start '))

const cases: [what: string, userData: string | Uint8Array, reason: RegExp | undefined][] = [
  ['users, files and commands of the final stage', '#cloud-config\nusers: [ada]\nruncmd: [ls]\n', undefined],
  ['a script', '#!/bin/sh\necho hello\n', undefined],
  ['no user-data', '', undefined],
  ['a template of a configuration', '## template: jinja\n#cloud-config\nhostname: {{ v1.cloud_name }}\n', undefined],
  ['an include', '#include\nhttp://192.0.2.1/more\n', /user-data may have to be fetched/],
  ['parts that are told apart later', 'MIME-Version: 1.0\nContent-Type: text/x-include-url\n\nx\n', /user-data/],
  ['compressed user-data', gzipSync('#cloud-config\n{}\n'), /user-data/],
  ['a boothook', '#cloud-boothook\n#!/bin/sh\ntrue\n', /user-data/],
  ['bootcmd', '#cloud-config\nbootcmd: [[ls]]\n', /because bootcmd may use it/],
  ['an empty bootcmd', '#cloud-config\nbootcmd: []\n', undefined],
  ['mounts', '#cloud-config\nmounts: [[nfs:/a, /mnt/a]]\n', /because mounts may use it/],
  ['a command for random data', '#cloud-config\nrandom_seed: {command: [ls]}\n', /random_seed\.command/],
  ['a file from elsewhere', '#cloud-config\nwrite_files: [{path: /a, source: {uri: "file:///etc/hosts"}}]\n', /source/],
  ['a snap user', '#cloud-config\nusers: [{name: ada, snapuser: ada@example.test}]\n', /snapuser/],
  ['a module of another stage', '#cloud-config\ncloud_init_modules: [ssh, phone_home]\n', /module phone_home/],
]
for (const [what, userData, reason] of cases) {
  test(`${what}: the network stage ${reason ? 'waits until the network is online' : 'goes on without the network'}`, async () => {
    const machine = await bootWith(userData)
    assert.deepEqual(started(machine), reason ? ['systemctl start systemd-networkd-wait-online.service'] : [])
    const said = machine.records
      .map(({ message }) => message)
      .filter((message) => /for the network, because/.test(message))
    assert.equal(said.length, reason ? 1 : 0)
    if (reason) assert.match(said[0] ?? '', reason)
  })
}

test('without a datasource that answers early, the network is waited for', async () => {
  const { '/var/lib/cloud/seed/nocloud/meta-data': _meta, ...files } = seed('')
  const machine = bootable({
    files: { ...imageFiles, '/run/systemd/system/': '', [`${wants}/NetworkManager-wait-online.service`]: '', ...files },
    which: (command) => `/usr/bin/${command}`,
    onCommand: (argv) => (argv[0] === 'systemctl' ? '' : undefined),
  })
  await bootStages(machine)
  assert.deepEqual(started(machine), ['systemctl start NetworkManager-wait-online.service'])
})

test('where the image does not wait for the network, nobody waits', async () => {
  const bootcmd = '#cloud-config\nbootcmd: [[ls]]\n'
  const machine = bootable({ files: { '/run/systemd/system/': '', ...seed(bootcmd) } })
  await bootStages(machine)
  assert.deepEqual(started(machine), [])
})

test('the tools that bring the network up are part of it, and no unit is named twice', async () => {
  const machine = await bootWith('#cloud-config\nbootcmd: [[ls]]\n', {
    '/etc/systemd/system/multi-user.target.wants/networking.service': '',
    [`${wants}/networking.service`]: '',
  })
  assert.deepEqual(started(machine), ['systemctl start networking.service systemd-networkd-wait-online.service'])
})

test('a stage that comes before all services does not wait for NetworkManager, which is one', async () => {
  const order = '/run/systemd/generator.early/cloud-init-network.service.d/order.conf'
  const bootcmd = '#cloud-config\nbootcmd: [[ls]]\n'
  const both = { [`${wants}/NetworkManager-wait-online.service`]: '' }
  const early = await bootWith(bootcmd, { ...both, [order]: '[Unit]\nBefore=sysinit.target\n' })
  assert.deepEqual(started(early), ['systemctl start systemd-networkd-wait-online.service'])
  const late = await bootWith(bootcmd, { ...both, [order]: '[Unit]\nAfter=NetworkManager.service\n' })
  assert.deepEqual(started(late), [
    'systemctl start systemd-networkd-wait-online.service NetworkManager-wait-online.service',
  ])
})

test('a network that does not come is told, and the boot goes on', async () => {
  const machine = await bootWith('#cloud-config\nbootcmd: [[ls]]\nhostname: ada\n', {}, { exitCode: 1 })
  assert.equal(machine.files.readText('/etc/hostname'), 'ada\n')
  assert.equal(statusLines(machine).filter((line) => /the network is not online.*bootcmd/.test(line)).length, 1)
})

test('what has run for this instance is not waited for at later boots, what runs at each is', async () => {
  for (const [userData, count] of [
    ['#cloud-config\nmounts: [[nfs:/a, /mnt/a]]\n', 0],
    ['#cloud-config\nbootcmd: [[ls]]\n', 1],
  ] as const) {
    const first = await bootWith(userData)
    assert.equal(started(first).length, 1, userData)
    const again = bootable({
      files: { ...diskOf(first), '/run/systemd/system/': '' },
      onCommand: (argv) => (argv[0] === 'systemctl' ? '' : undefined),
      which: (command) => `/usr/bin/${command}`,
    })
    await bootStages(again)
    assert.equal(started(again).length, count, userData)
  }
})
