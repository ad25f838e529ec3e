import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handleHotplug } from '../../src/boot/hotplug.ts'
import { enableHotplug, isHotplugEnabled } from '../../src/boot/hotplug-enabled.ts'
import { formatEvent } from '../../src/boot/hotplug-events.ts'
import { currentInstance } from '../../src/boot/load-instance.ts'
import { openBoot } from '../../src/boot/open-boot.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { MemoryFile, MemoryMachine, MemoryOptions } from '../../src/machine/memory.ts'
import { createCloud } from '../../src/simulator/index.ts'
import { tools } from '../modules/made-up-debian.ts'
import { bootable, bootStages, seed, shippedConfig, statusData } from './made-up-boot.ts'
import { bootableOn } from './on-cloud.ts'

const macs = { eth0: '02:00:00:00:00:10', eth1: '02:00:00:00:00:11', eth2: '02:00:00:00:00:12' }
type NicName = keyof typeof macs

const nicFiles = (name: string, mac: string, index = 2): Record<string, string> => ({
  [`/sys/class/net/${name}/address`]: `${mac}\n`,
  [`/sys/class/net/${name}/ifindex`]: `${index}\n`,
  [`/sys/class/net/${name}/operstate`]: 'down\n',
})

const plug = (machine: MemoryMachine, name: string, mac: string, index = 3): void => {
  for (const [path, content] of Object.entries(nicFiles(name, mac, index))) machine.files.write(path, content)
}
const unplug = (machine: MemoryMachine, name: string): void => machine.files.remove(`/sys/class/net/${name}`)

const networkOf = (...names: readonly NicName[]): string =>
  JSON.stringify({
    version: 2,
    ethernets: Object.fromEntries(
      names.map((name) => [name, { match: { macaddress: macs[name] }, 'set-name': name, dhcp4: true }]),
    ),
  })

const seedFile = '/var/lib/cloud/seed/nocloud/network-config'
const when = (events: string): string => `#cloud-config\nupdates: {network: {when: ${events}}}\n`
const rulesFile = '/etc/udev/rules.d/90-cloud-init-hook-hotplug.rules'
const waitTool = '/usr/lib/systemd/systemd-networkd-wait-online'
const networkCommands = new Set(['networkctl', 'systemctl', 'ifup', 'ifdown', 'ifquery', 'netplan', 'nmcli', waitTool])

interface World extends MemoryOptions {
  readonly userData?: string
  readonly nics?: readonly NicName[]
  readonly renderer?: string
  readonly answers?: Readonly<Record<string, string>>
}

/** A machine that has booted from a seed, with an interface or two. */
const booted = async ({
  userData = when('[hotplug]'),
  nics = ['eth0'],
  renderer = 'networkd',
  answers = {},
  ...options
}: World = {}): Promise<MemoryMachine> => {
  const machine = bootable({
    ...options,
    which: [...Object.keys(tools), ...networkCommands, 'udevadm'],
    files: {
      ...seed(userData),
      [seedFile]: networkOf(...nics),
      [waitTool]: { content: '', mode: 0o755 },
      '/etc/network/interfaces': '',
      '/etc/cloud/cloud.cfg.d/60-renderer.cfg': `system_info: {network: {renderers: [${renderer}]}}\n`,
      ...Object.fromEntries(nics.flatMap((name, index) => Object.entries(nicFiles(name, macs[name], index + 2)))),
      ...options.files,
    },
    onCommand: (argv) =>
      answers[argv.join(' ')] ?? (networkCommands.has(argv[0] ?? '') || argv[0] === 'udevadm' ? '' : undefined),
  })
  assert.deepEqual(await bootStages(machine), [])
  return machine
}

const open = (machine: MemoryMachine) => openBoot({ machine, records: machine.records, shippedConfig })
const line = (name: string, action: 'add' | 'remove'): string => formatEvent(`/devices/pci0000:00/net/${name}`, action)

/** Deals with the events of `happens`, which is called each time the process looks, with the number of that look. */
const handle = async (machine: MemoryMachine, happens: (look: number) => readonly string[]) => {
  const [firstCommand, firstRecord] = [machine.commands.length, machine.records.length]
  let look = 0
  const lines = {
    read: () => {
      look += 1
      return [...happens(look)]
    },
  }
  const failures = await handleHotplug(await open(machine), lines)
  return {
    failures,
    commands: machine.commands
      .slice(firstCommand)
      .map(({ argv }) => argv.join(' '))
      .filter((text) => networkCommands.has(text.split(' ', 1)[0] ?? '')),
    said: machine.records.slice(firstRecord).flatMap(({ level, message }) => (level === 'DEBUG' ? [] : [message])),
  }
}
const once =
  (...events: readonly string[]) =>
  (look: number) =>
    look === 1 ? events : []

const fileOf = (name: string): string => `/etc/systemd/network/10-cloud-init-${name}.network`

test('an interface that is added is configured as soon as the cloud lists it, and it alone comes up', async () => {
  const machine = await booted()
  const before = machine.files.readText(fileOf('eth0'))
  const { failures, commands, said } = await handle(machine, (look) => {
    if (look === 1) plug(machine, 'eth1', macs.eth1)
    if (look === 12) machine.files.write(seedFile, networkOf('eth0', 'eth1'))
    return look === 1 ? [line('eth1', 'add')] : []
  })
  assert.deepEqual(failures, [])
  assert.match(machine.files.readText(fileOf('eth1')), /DHCP=ipv4/)
  assert.equal(machine.files.readText(fileOf('eth0')), before)
  assert.deepEqual(commands, ['networkctl reload', `${waitTool} --interface=eth1 --timeout=30`])
  assert.equal(said[0], `eth1 was added (${macs.eth1})`)
  assert.match(said[1] ?? '', /eth1 .* has to wait: NoCloud does not list it/)
  assert.ok(said.includes('eth1: configured as NoCloud says'))
  assert.match(machine.files.readText('/var/lib/cloud/instances/iid-1/network-config.json'), /eth1/)
  assert.equal(machine.files.exists('/run/cloud-init/hotplug-events'), false)
  assert.equal(statusData(machine)['status'], 'done')
  assert.equal((await handle(machine, once(line('eth1', 'add')))).commands.length, 2)
})

test('several events at once are one question and one configuration', async () => {
  const machine = await booted()
  plug(machine, 'eth1', macs.eth1)
  plug(machine, 'eth2', macs.eth2, 4)
  machine.files.write(seedFile, networkOf('eth0', 'eth1', 'eth2'))
  const { failures, commands } = await handle(machine, once(line('eth1', 'add'), line('eth2', 'add')))
  assert.deepEqual(failures, [])
  assert.deepEqual(commands, ['networkctl reload', `${waitTool} --interface=eth1 --interface=eth2 --timeout=30`])
})

test('what happens while it waits is dealt with by the same process', async () => {
  const machine = await booted()
  const { failures } = await handle(machine, (look) => {
    if (look === 1) plug(machine, 'eth1', macs.eth1)
    if (look === 6) {
      plug(machine, 'eth2', macs.eth2, 4)
      machine.files.write(seedFile, networkOf('eth0', 'eth1', 'eth2'))
    }
    if (look === 1) return [line('eth1', 'add')]
    return look === 6 ? [line('eth2', 'add')] : []
  })
  assert.deepEqual(failures, [])
  for (const name of ['eth1', 'eth2']) assert.ok(machine.files.exists(fileOf(name)), name)
})

test('what an interface leaves that is removed is cleaned up, also while the cloud still lists it', async () => {
  const machine = await booted({ nics: ['eth0', 'eth1'] })
  const before = machine.files.readText(fileOf('eth0'))
  unplug(machine, 'eth1')
  const { failures, commands, said } = await handle(machine, once(line('eth1', 'remove')))
  assert.deepEqual(failures, [])
  assert.equal(machine.files.exists(fileOf('eth1')), false)
  assert.equal(machine.files.readText(fileOf('eth0')), before)
  assert.deepEqual(commands, ['networkctl reload'])
  assert.ok(said.includes('eth1: its configuration is gone'))
  plug(machine, 'eth1', macs.eth1)
  await handle(machine, once(line('eth1', 'add')))
  assert.ok(machine.files.exists(fileOf('eth1')))
})

test('what lies on an interface that is removed goes with it, by MAC address or by name', async () => {
  const physical = (name: NicName) => ({ type: 'physical', name, mac_address: macs[name], subnets: [{ type: 'dhcp' }] })
  const vlan = { type: 'vlan', name: 'eth1.7', vlan_id: 7, vlan_link: 'eth1', subnets: [{ type: 'dhcp' }] }
  const bridge = { type: 'bridge', name: 'br0', bridge_interfaces: ['eth1', 'eth2'], subnets: [{ type: 'dhcp' }] }
  const named = { eth0: {}, eth1: { dhcp4: true }, eth2: {} }
  const networks: readonly (readonly [config: unknown, left: readonly string[]])[] = [
    [{ version: 1, config: [physical('eth0'), physical('eth1'), vlan] }, ['eth0']],
    [{ version: 1, config: [physical('eth0'), physical('eth1'), physical('eth2'), bridge] }, ['br0', 'eth0', 'eth2']],
    [{ version: 2, ethernets: named, vlans: { 'eth1.7': { id: 7, link: 'eth1' } } }, ['eth0', 'eth2']],
    [{ version: 2, ethernets: named, bonds: { bond0: { interfaces: ['eth1', 'eth2'] } } }, ['bond0', 'eth0', 'eth2']],
  ]
  for (const [config, left] of networks) {
    const machine = await booted({
      nics: ['eth0', 'eth1', 'eth2'],
      files: { '/var/lib/cloud/seed/nocloud/network-config': JSON.stringify(config) },
    })
    unplug(machine, 'eth1')
    assert.deepEqual((await handle(machine, once(line('eth1', 'remove')))).failures, [])
    const files = machine.files.list('/etc/systemd/network').filter((name) => name.endsWith('.network'))
    assert.deepEqual(
      files,
      left.map((name) => `10-cloud-init-${name}.network`),
    )
  }
})

test('an interface that goes and comes back in between is one that is there', async () => {
  const machine = await booted({ nics: ['eth0', 'eth1'] })
  const { failures } = await handle(machine, once(line('eth1', 'remove'), line('eth1', 'add')))
  assert.deepEqual(failures, [])
  assert.ok(machine.files.exists(fileOf('eth1')))
})

test('an interface that is gone before the cloud lists it is forgotten', async () => {
  const machine = await booted()
  const { failures } = await handle(machine, (look) => {
    if (look === 1) plug(machine, 'eth1', macs.eth1)
    if (look === 4) unplug(machine, 'eth1')
    if (look === 1) return [line('eth1', 'add')]
    return look === 4 ? [line('eth1', 'remove')] : []
  })
  assert.deepEqual(failures, [])
  assert.ok(machine.clock.uptime() < 60)
})

test('an interface that the cloud never lists is a failure after a minute, and does not hold up the others', async () => {
  const machine = await booted()
  plug(machine, 'eth1', macs.eth1)
  plug(machine, 'eth2', macs.eth2, 4)
  machine.files.write(seedFile, networkOf('eth0', 'eth2'))
  const start = machine.clock.monotonic()
  const { failures } = await handle(machine, once(line('eth1', 'add'), line('eth2', 'add')))
  assert.match(
    failures.join('\n'),
    /^eth1 \(02:00:00:00:00:11\) is not configured: NoCloud does not list it after 6\d s$/,
  )
  assert.ok(machine.clock.monotonic() - start < 90_000)
  assert.deepEqual(
    machine.files.list('/etc/systemd/network').filter((name) => name.endsWith('.network')),
    ['10-cloud-init-eth0.network', '10-cloud-init-eth2.network'],
  )
  assert.equal(statusData(machine)['status'], 'done')
})

test('nothing is done unless somebody enabled it', async () => {
  const cases: readonly (readonly [userData: string, mark: string | undefined, isEnabled: boolean])[] = [
    ['#cloud-config\n{}\n', undefined, false],
    [when('[boot]'), undefined, false],
    [when('[]'), undefined, false],
    [when('[boot, boot-legacy, hotplug, boot-new-instance]'), undefined, true],
    [when('[nonsense, hotplug]'), undefined, true],
    [when('[boot]'), '{"scopes": ["network"]}', true],
    [when('[boot]'), '{"scopes": ["storage"]}', false],
    [when('[boot]'), '{"scopes": [', false],
  ]
  for (const [userData, mark, isEnabled] of cases) {
    const files: Record<string, MemoryFile> = mark === undefined ? {} : { '/var/lib/cloud/hotplug.enabled': mark }
    const machine = await booted({ userData, files })
    plug(machine, 'eth1', macs.eth1)
    machine.files.write(seedFile, networkOf('eth0', 'eth1'))
    assert.deepEqual((await handle(machine, once(line('eth1', 'add')))).failures, [])
    assert.equal(machine.files.exists(fileOf('eth1')), isEnabled, `${userData} ${mark}`)
    assert.equal(machine.files.exists(rulesFile), isEnabled, `${userData} ${mark}`)
  }
})

test('it can be enabled by hand, once', async () => {
  const machine = await booted({ userData: when('[boot]') })
  const boot = await open(machine)
  for (const _ of [1, 2]) assert.deepEqual(await enableHotplug(boot), [])
  assert.deepEqual(JSON.parse(machine.files.readText('/var/lib/cloud/hotplug.enabled')), { scopes: ['network'] })
  assert.equal(machine.tree()['/var/lib/cloud/hotplug.enabled']?.mode, 0o640)
  assert.match(machine.files.readText(rulesFile), /hook-hotplug/)
  const instance = currentInstance(boot)
  assert.ok(instance !== undefined && (await isHotplugEnabled(boot, instance)))
})

test('while the boot goes on nothing is touched', async () => {
  const machine = await booted()
  machine.files.remove('/run/cloud-init/result.json')
  plug(machine, 'eth1', macs.eth1)
  machine.files.write(seedFile, networkOf('eth0', 'eth1'))
  const { failures, commands } = await handle(machine, once(line('eth1', 'add')))
  assert.deepEqual(failures, ['eth1 was added: nothing is done, the boot has not finished yet'])
  assert.deepEqual(commands, [])
})

test('events of a process that was ended are dealt with by the next', async () => {
  const machine = await booted()
  plug(machine, 'eth1', macs.eth1)
  machine.files.write(seedFile, networkOf('eth0', 'eth1'))
  machine.files.write('/run/cloud-init/hotplug-events', `${line('eth1', 'add')}\n`)
  assert.deepEqual((await handle(machine, () => [])).failures, [])
  assert.ok(machine.files.exists(fileOf('eth1')))
  assert.equal(machine.files.exists('/run/cloud-init/hotplug-events'), false)
})

test('what is no interface of the cloud is left alone, and so is what is no event', async () => {
  const machine = await booted({
    files: { '/sys/class/net/br0/address': '02:00:00:00:00:77\n', '/sys/class/net/br0/bridge/': '' },
  })
  plug(machine, 'veth12', '02:00:00:00:00:78')
  plug(machine, 'eth9', macs.eth0, 9)
  const events = [line('br0', 'add'), line('veth12', 'add'), line('eth9', 'add'), line('eth8', 'remove'), '; reboot']
  const { failures, commands, said } = await handle(machine, once(...events))
  assert.deepEqual([failures, commands], [[], []])
  assert.match(said.join('\n'), /no event of a network interface: ; reboot[\s\S]*eth9 has the MAC address of eth0/)
})

test('where the image decides about the network, the cloud is not asked', async () => {
  const image = (network: string) => ({ '/etc/cloud/cloud.cfg.d/99-network.cfg': `network: ${network}\n` })
  const disabled = await booted({ files: image('{config: disabled}') })
  plug(disabled, 'eth1', macs.eth1)
  const { failures } = await handle(disabled, once(line('eth1', 'add')))
  assert.match(
    failures.join('\n'),
    /eth1 .* the image's own configuration says that the network is not to be configured/,
  )
  assert.deepEqual(disabled.files.list('/etc/systemd/network'), [])
  const own = await booted({ files: image(networkOf('eth0', 'eth1')) })
  plug(own, 'eth1', macs.eth1)
  assert.deepEqual((await handle(own, once(line('eth1', 'add')))).failures, [])
})

test('a configuration that can’t be used changes nothing', async () => {
  const machine = await booted()
  const before = machine.files.readText(fileOf('eth0'))
  plug(machine, 'eth1', macs.eth1)
  const bad = networkOf('eth0', 'eth1').replace('"dhcp4":true', '"addresses":["nonsense"]')
  machine.files.write(seedFile, bad)
  const { failures, commands } = await handle(machine, once(line('eth1', 'add')))
  assert.match(failures.join('\n'), /eth1 .* is not configured: /)
  assert.deepEqual(commands, [])
  assert.equal(machine.files.readText(fileOf('eth0')), before)
})

test('ifupdown takes the interface that is gone down by its old words, and brings up the new one alone', async () => {
  const machine = await booted({
    nics: ['eth0', 'eth1'],
    renderer: 'eni',
    answers: { 'ifquery --state': 'lo=lo\neth0=eth0\neth1=eth1\n' },
  })
  unplug(machine, 'eth1')
  plug(machine, 'eth2', macs.eth2, 4)
  machine.files.write(seedFile, networkOf('eth0', 'eth2'))
  const { failures, commands } = await handle(machine, once(line('eth1', 'remove'), line('eth2', 'add')))
  assert.deepEqual(failures, [])
  assert.deepEqual(
    commands.filter((text) => !text.startsWith('ifquery')),
    ['ifdown --force eth1', 'ifup eth2'],
  )
})

/** EC2 as a machine asks it, without a server between the two; `change` is what the path's answer is now. */
const onEc2 = (change: (path: string, body: string) => string) => {
  const cloud = createCloud({ cloud: 'ec2' })
  const [first] = cloud.links
  assert.ok(first && cloud.handle)
  const { handle } = cloud
  const config = {
    datasource_list: ['Ec2', 'None'],
    datasource: { Ec2: { metadata_urls: ['http://169.254.169.254'] } },
  }
  return bootableOn(
    { cloud: { ...cloud, links: [first] }, config },
    {
      which: [...Object.keys(tools), ...networkCommands, 'udevadm'],
      files: { '/etc/cloud/cloud.cfg.d/95-net.cfg': 'system_info: {network: {renderers: [networkd]}}\n' },
      http: ({ url, method = 'GET', headers = {} }) => {
        const { pathname, searchParams } = new URL(url)
        const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
        const answer = handle({ method, path: pathname, query: searchParams, headers: lower, body: '' })
        return httpResponse({ url, ...answer, body: change(pathname, Buffer.from(answer.body ?? '').toString()) })
      },
      onCommand: ([name = '']) => (networkCommands.has(name) || name === 'udevadm' ? '' : undefined),
    },
  )
}

test('on EC2, where it is enabled by default, an interface is listed before all of its addresses', async () => {
  const mac = '02:1c:5e:0a:1b:02'
  let listedFrom = Number.POSITIVE_INFINITY
  const machine = onEc2((path, body) => {
    const seconds = machine.clock.monotonic() / 1000 - listedFrom
    if (path.endsWith('/macs/') && !(seconds > 3)) return body.replace(`${mac}/`, '').trim()
    return path.endsWith(`${mac}/local-ipv4s`) && seconds > 12 ? `${body}\n172.31.16.21` : body
  })
  await bootStages(machine)
  assert.match(machine.files.readText(rulesFile), /ena/)
  plug(machine, 'eth1', mac)
  const start = machine.clock.monotonic() / 1000
  listedFrom = start
  assert.deepEqual((await handle(machine, once(line('eth1', 'add')))).failures, [])
  assert.match(machine.files.readText(fileOf('eth1')), /Address=172\.31\.16\.21\/20/)
  assert.ok(machine.clock.monotonic() / 1000 - start < 45)
})
