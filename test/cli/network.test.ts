import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandContext } from '../../src/cli/command.ts'
import { networkCommand } from '../../src/cli/network.ts'
import { type MemoryFile, type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import { imageFiles } from '../boot/made-up-boot.ts'
import { linkFiles } from '../datasources/made-up-cloud.ts'

const netplanFile = '/etc/netplan/50-cloud-init.yaml'
const longAddress = '2001:db8:1234:5678:9abc:def0:1234:5678'

const madeUp = (files: Record<string, MemoryFile> = {}, userId = 0): MemoryMachine =>
  memoryMachine({
    userId,
    which: ['netplan'],
    files: {
      ...imageFiles,
      ...linkFiles('enp0s1f0np0', '52:54:00:00:00:01', 2),
      '/sys/class/net/enp0s1f0np0/flags': '0x1003\n',
      '/sys/class/net/enp0s1f0np0/mtu': '1500\n',
      ...files,
    },
    addresses: [
      { link: 'enp0s1f0np0', family: 4, ip: '192.0.2.10', prefix: 24 },
      { link: 'enp0s1f0np0', family: 6, ip: longAddress, prefix: 64 },
    ],
  })

const run = async (machine: MemoryMachine, args: Record<string, unknown>, isTerminal = false) => {
  const [printed, complained]: [string[], string[]] = [[], []]
  const context: CommandContext = {
    console: {
      isTerminal,
      print: (text) => void printed.push(...text.split('\n')),
      complain: (text) => void complained.push(text),
    },
    machine: async () => ({ machine, records: machine.records, root: '/', sendOutput: async () => undefined }),
    here: async () => machine,
  }
  const exitCode = await networkCommand.run(context, args)
  return { exitCode, printed, complained }
}

const network = (text: string) => ({ '/etc/cloud/cloud.cfg.d/90-net.cfg': `network: ${text}\n` })
const configured = network('{version: 2, ethernets: {enp0s1f0np0: {dhcp4: true}}}')

test('show draws links and addresses, and says who configures them', async () => {
  const { exitCode, printed } = await run(madeUp(configured), { action: 'show' })
  assert.equal(exitCode, 0)
  assert.deepEqual(printed, [
    'LINK        TYPE     STATE MAC               MTU  DRIVER',
    'enp0s1f0np0 physical up    52:54:00:00:00:01 1500 virtio_net',
    '',
    'LINK        ADDRESS                                   SCOPE  FROM',
    'enp0s1f0np0 192.0.2.10/24                             global',
    `enp0s1f0np0 ${longAddress}/64 global`,
    '',
    'A boot takes the network from the configuration of the image, written for netplan:',
    'enp0s1f0np0 (dhcp4).',
  ])
})

test('on a terminal nothing of the tables is wider than 80 columns', async () => {
  const name = 'abcdefghijklmno'
  const machine = memoryMachine({
    which: ['ip'],
    files: { ...imageFiles, ...linkFiles(name, '52:54:00:00:00:01', 2) },
    onCommand: (argv) =>
      JSON.stringify(
        argv.includes('address')
          ? [
              {
                ifname: name,
                addr_info: [
                  { family: 'inet6', local: longAddress, prefixlen: 128, dynamic: true, valid_life_time: 86399 },
                ],
              },
            ]
          : argv.includes('-6') && argv.includes('route')
            ? [{ dst: `${longAddress}`, gateway: longAddress, dev: name, metric: 4294967, table: 'a-long-table-name' }]
            : [],
      ),
  })
  const { printed } = await run(machine, { action: 'show' }, true)
  const tables = printed.slice(0, printed.lastIndexOf(''))
  assert.deepEqual(
    tables.filter((line) => line.length > 80),
    [],
  )
  assert.equal(tables.join('').includes('…'), false, 'nothing is cut off')
})

test('show --json is for machines; one link alone can be asked for, and one that is not there is told', async () => {
  const { printed } = await run(madeUp(configured), { action: 'show', json: true, link: 'enp0s1f0np0' })
  const shown = JSON.parse(printed.join('\n'))
  assert.deepEqual(
    [shown.links[0].name, shown.links[0].addresses[0].address, shown.rules, shown.configuration.renderer],
    ['enp0s1f0np0', '192.0.2.10/24', null, 'netplan'],
  )
  const missing = await run(madeUp(), { action: 'show', link: 'eth7' })
  assert.deepEqual([missing.exitCode, missing.complained], [1, ['network show: there is no link eth7']])
})

test('diff shows what would be written, and its exit code says whether anything would be', async () => {
  const machine = madeUp({
    ...configured,
    [netplanFile]: { content: 'network: {version: 2, ethernets: {enp0s1f0np0: {dhcp4: false}}}\n', mode: 0o600 },
  })
  const first = await run(machine, { action: 'diff' })
  assert.equal(first.exitCode, 1)
  assert.deepEqual(first.printed, [
    'Network of the configuration of the image, written for netplan on debian:',
    `changed ${netplanFile} (0600)`,
    '       ethernets:',
    '         enp0s1f0np0:',
    '    -      dhcp4: false',
    '    +      dhcp4: true',
  ])
  const { applyNetwork } = await import('../../src/network/apply.ts')
  const options = { renderer: 'netplan', distro: 'debian', bringsUp: false }
  await applyNetwork(machine, { version: 2, ethernets: { enp0s1f0np0: { dhcp4: true } } }, options)
  const second = await run(machine, { action: 'diff' })
  assert.deepEqual([second.exitCode, second.printed.at(-1)], [0, 'Nothing would change.'])
})

test('diff of a document: passwords are not shown unless asked for', async () => {
  const wifi = (password: string) =>
    `network: {version: 2, wifis: {wlan0: {access-points: {home: {password: ${password}}}}}}\n`
  const machine = madeUp({ [netplanFile]: { content: wifi('hunter2'), mode: 0o600 }, '/tmp/new.yaml': wifi('hunter3') })
  const args = { action: 'diff', 'network-data': '/tmp/new.yaml' }
  const masked = await run(machine, args)
  assert.doesNotMatch(masked.printed.join('\n'), /hunter/)
  assert.match(masked.printed.join('\n'), /- *password: <secret 1>\n +\+ *password: <secret 2>/)
  const open = await run(machine, { ...args, 'show-secrets': true })
  assert.match(open.printed.join('\n'), /hunter3/)
  const json = await run(machine, { ...args, json: true })
  assert.deepEqual(JSON.parse(json.printed.join('\n')).files, [{ path: netplanFile, change: 'changed', mode: '0600' }])
})

test('diff of a document that can’t be used names the key, and ends with 2', async () => {
  const machine = madeUp({ '/tmp/new.yaml': 'version: 2\nethernets: {eth0: {addresses: [nonsense]}}\n' })
  const args = { action: 'diff', 'network-data': '/tmp/new.yaml', 'output-kind': 'networkd' }
  const { exitCode, complained } = await run(machine, args)
  assert.equal(exitCode, 2)
  assert.match(complained.join('\n'), /network diff: ethernets\.eth0\.addresses\[0\]: "nonsense" is not an IP address/)
})

test('a network that is not to be configured is no difference', async () => {
  const { exitCode, printed } = await run(madeUp(network('{config: disabled}')), { action: 'diff' })
  assert.deepEqual([exitCode, printed], [0, ['Disabled by the configuration of the image.']])
})

test('options of one action are refused by the other', async () => {
  assert.equal((await run(madeUp(), { action: 'show', kind: 'yaml' })).exitCode, 2)
  assert.equal((await run(madeUp(), { action: 'diff', link: 'eth0' })).exitCode, 2)
})
