import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../src/machine/json.ts'
import { type MemoryFile, type MemoryMachine, type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'
import { applyNetwork } from '../../src/network/apply.ts'
import { applyLinkChange } from '../../src/network/apply-change.ts'

const networkdTool = '/usr/lib/systemd/systemd-networkd-wait-online'
const macs: Readonly<Record<string, string>> = {
  eth0: '02:00:00:00:00:10',
  eth1: '02:00:00:00:00:11',
  eth2: '02:00:00:00:00:12',
}

const nicFiles = Object.fromEntries(
  Object.entries(macs).flatMap(([name, mac], index) => [
    [`/sys/class/net/${name}/address`, `${mac}\n`],
    [`/sys/class/net/${name}/ifindex`, `${index + 2}\n`],
    [`/sys/class/net/${name}/operstate`, 'down\n'],
  ]),
)

const ethernet = (name: string, more: JsonObject = {}): JsonObject => ({
  [name]: { match: { macaddress: macs[name] ?? '' }, 'set-name': name, dhcp4: true, ...more },
})
const three: JsonObject = {
  version: 2,
  ethernets: { ...ethernet('eth0'), ...ethernet('eth1'), ...ethernet('eth2', { optional: true }) },
  vlans: { 'eth1.5': { id: 5, link: 'eth1', addresses: ['192.0.2.5/24'] } },
}

interface World extends MemoryOptions {
  readonly answers?: Readonly<Record<string, string | number>>
}

/** Every command succeeds and says nothing, but for `answers`: what it prints, or its exit code. */
const machineWith = (which: readonly string[], { answers = {}, files, ...options }: World = {}): MemoryMachine =>
  memoryMachine({
    which,
    files: { ...nicFiles, ...files },
    onCommand: (argv) => {
      const answer = answers[argv.join(' ')] ?? ''
      return typeof answer === 'number' ? { exitCode: answer } : answer
    },
    ...options,
  })

const linesOf = (machine: MemoryMachine, first = 0): string[] =>
  machine.commands.slice(first).map(({ argv }) => argv.join(' '))

const tool: Record<string, MemoryFile> = { [networkdTool]: { content: '', mode: 0o755 } }
const netplanOn = (folder: string, name: string): Record<string, MemoryFile> => ({ [`${folder}/${name}`]: '' })
const onNetworkd = netplanOn('/run/systemd/network', '10-netplan-eth0.network')
const onNetworkManager = netplanOn('/run/NetworkManager/system-connections', 'netplan-eth0.nmconnection')
const isRunning = 'nmcli --terse --fields RUNNING general'
const waitForAll = `${networkdTool} --interface=eth0 --interface=eth1 --interface=eth1.5 --timeout=60`

interface Case {
  readonly renderer: string
  readonly distro?: string
  readonly which: readonly string[]
  readonly world?: World
  /** In the network stage: all of it. */
  readonly all: readonly string[]
  /** eth1 was added to the running machine: it, and what lies on it. */
  readonly one: readonly string[]
}

const cases: Readonly<Record<string, Case>> = {
  networkd: {
    renderer: 'networkd',
    which: ['networkctl'],
    world: { files: tool },
    all: ['systemctl restart systemd-networkd', 'systemctl is-active systemd-resolved', waitForAll],
    one: ['networkctl reload', `${networkdTool} --interface=eth1 --interface=eth1.5 --timeout=30`],
  },
  'networkd with resolved, and too old to reload': {
    renderer: 'networkd',
    which: ['networkctl'],
    world: { answers: { 'systemctl is-active systemd-resolved': 'active\n', 'networkctl reload': 1 } },
    all: [
      'systemctl restart systemd-networkd',
      'systemctl is-active systemd-resolved',
      'systemctl restart systemd-resolved',
    ],
    one: [
      'networkctl reload',
      'systemctl restart systemd-networkd',
      'systemctl is-active systemd-resolved',
      'systemctl restart systemd-resolved',
    ],
  },
  'netplan over networkd': {
    renderer: 'netplan',
    which: ['netplan'],
    world: { files: { ...tool, ...onNetworkd } },
    all: ['netplan generate', 'netplan apply', waitForAll],
    one: ['netplan generate', 'networkctl reload', `${networkdTool} --interface=eth1 --interface=eth1.5 --timeout=30`],
  },
  'netplan over NetworkManager': {
    renderer: 'netplan',
    which: ['netplan', 'nm-online'],
    world: { files: onNetworkManager, answers: { [isRunning]: 'running\n' } },
    all: ['netplan generate', 'netplan apply', 'nm-online --quiet --timeout=60'],
    one: [
      'netplan generate',
      isRunning,
      'nmcli connection reload',
      'nmcli --wait 60 connection up id netplan-eth1',
      'nmcli --wait 60 connection up id netplan-eth1.5',
      'nm-online --quiet --timeout=30',
    ],
  },
  NetworkManager: {
    renderer: 'network-manager',
    which: ['nmcli', 'nm-online'],
    world: { answers: { [isRunning]: 'running\n' } },
    all: [
      isRunning,
      'nmcli connection reload',
      'nmcli --wait 60 connection up id cloud-init eth0',
      'nmcli --wait 60 connection up id cloud-init eth1',
      'nmcli --wait 60 connection up id cloud-init eth2',
      'nmcli --wait 60 connection up id cloud-init eth1.5',
      'nm-online --quiet --timeout=60',
    ],
    one: [
      isRunning,
      'nmcli connection reload',
      'nmcli --wait 60 connection up id cloud-init eth1',
      'nmcli --wait 60 connection up id cloud-init eth1.5',
      'nm-online --quiet --timeout=30',
    ],
  },
  'NetworkManager that has not started yet': {
    renderer: 'network-manager',
    which: ['nmcli'],
    world: { answers: { [isRunning]: 'not running\n' } },
    all: [isRunning],
    one: [isRunning],
  },
  ifupdown: {
    renderer: 'eni',
    which: ['ifup', 'ifdown', 'ifquery'],
    world: { answers: { 'ifquery --state': 'lo=lo\neth0=eth0\n' } },
    all: ['ifquery --state', 'ifdown --force eth0', 'ifup eth0', 'ifup eth1', 'ifup eth2', 'ifup eth1.5'],
    one: ['ifquery --state', 'ifup eth1', 'ifup eth1.5'],
  },
  'network-scripts': {
    renderer: 'sysconfig',
    distro: 'rhel',
    which: ['ifup', 'nmcli'],
    all: ['ifup eth0', 'ifup eth1', 'ifup eth2', 'ifup eth1.5'],
    one: ['ifup eth1', 'ifup eth1.5'],
  },
  'sysconfig without network-scripts': {
    renderer: 'sysconfig',
    distro: 'rhel',
    which: ['nmcli'],
    all: ['eth0', 'eth1', 'eth2', 'eth1.5'].flatMap((name) => [
      `nmcli connection load /etc/sysconfig/network-scripts/ifcfg-${name}`,
      `nmcli --wait 60 connection up filename /etc/sysconfig/network-scripts/ifcfg-${name}`,
    ]),
    one: ['eth1', 'eth1.5'].flatMap((name) => [
      `nmcli connection load /etc/sysconfig/network-scripts/ifcfg-${name}`,
      `nmcli --wait 60 connection up filename /etc/sysconfig/network-scripts/ifcfg-${name}`,
    ]),
  },
  wicked: {
    renderer: 'sysconfig',
    distro: 'opensuse',
    which: ['wicked', 'ifup'],
    all: ['wicked ifreload all'],
    one: ['wicked ifreload eth1 eth1.5'],
  },
}

for (const [name, { renderer, distro = 'debian', which, world, all, one }] of Object.entries(cases)) {
  test(`${name}: the whole network comes up, or one interface and what lies on it`, async () => {
    const atBoot = machineWith(which, world)
    if (renderer === 'eni') atBoot.files.write('/etc/network/interfaces.d/50-cloud-init', 'iface eth0 inet manual\n')
    await applyNetwork(atBoot, three, { renderer, distro, bringsUp: true })
    assert.deepEqual(linesOf(atBoot), all)
    const running = machineWith(which, world)
    const change = { renderer, distro, added: [macs['eth1'] ?? ''], removed: [] }
    assert.deepEqual(await applyLinkChange(running, three, change), ['eth1', 'eth1.5'])
    assert.deepEqual(linesOf(running), one)
  })
}

test('what netplan writes anew as it was keeps its old file, so that networkd leaves that link alone', async () => {
  const folder = '/run/systemd/network'
  const generated = (machine: MemoryMachine): Record<string, string> =>
    Object.fromEntries(
      machine.files
        .list(folder)
        .map((name) => [
          name,
          `${machine.files.readText(`${folder}/${name}`)} ${machine.files.stat(`${folder}/${name}`)?.modified}`,
        ]),
    )
  const machineOf = (generate: (machine: MemoryMachine) => void, exitCode = 0): MemoryMachine =>
    memoryMachine({
      which: ['netplan'],
      files: {
        ...nicFiles,
        [`${folder}/10-netplan-eth0.network`]: 'same',
        [`${folder}/10-netplan-eth2.network`]: 'old',
      },
      onCommand: (argv, _options, machine) => {
        if (argv[1] !== 'generate') return ''
        generate(machine)
        return { exitCode }
      },
    })
  const change = { renderer: 'netplan', distro: 'debian', added: [macs['eth1'] ?? ''], removed: [] }
  const machine = machineOf(({ files, clock }) => {
    clock.advance(5000)
    files.write(`${folder}/10-netplan-eth0.network`, 'same')
    files.write(`${folder}/10-netplan-eth1.network`, 'new')
  })
  const start = machine.clock.now()
  await applyLinkChange(machine, three, change)
  assert.deepEqual(generated(machine), {
    '10-netplan-eth0.network': `same ${start}`,
    '10-netplan-eth1.network': `new ${start + 5000}`,
  })
  const broken = machineOf(() => {}, 1)
  await applyLinkChange(broken, three, change)
  assert.deepEqual(Object.keys(generated(broken)), ['10-netplan-eth0.network', '10-netplan-eth2.network'])
})

test('what is as it was, and up, is left alone', async () => {
  const up = { '/sys/class/net/eth1/operstate': 'up\n' }
  const machine = machineWith(['networkctl'], { files: up })
  const change = { renderer: 'networkd', distro: 'debian', added: [macs['eth1'] ?? ''], removed: [] }
  await applyLinkChange(machine, three, change)
  const first = machine.commands.length
  await applyLinkChange(machine, three, change)
  assert.deepEqual(linesOf(machine, first), [])
})

test('an image that is mounted somewhere brings nothing up, and a plan waits for nothing', async () => {
  const options = { renderer: 'networkd', distro: 'debian', bringsUp: true }
  const image = machineWith(['networkctl'], { files: tool })
  await applyNetwork({ ...image, kind: 'image' }, three, options)
  assert.deepEqual(linesOf(image), [])
  const plan = machineWith(['networkctl'], { files: tool })
  await applyNetwork({ ...plan, kind: 'plan' }, three, options)
  assert.ok(!linesOf(plan).includes(waitForAll))
})

test('ifupdown gets back what was down when the files can’t be written', async () => {
  const isFull = (action: string, path: string): string | undefined =>
    action === 'write' && path.startsWith('/etc/udev') ? 'ENOSPC' : undefined
  const machine = machineWith(['ifup', 'ifdown', 'ifquery'], {
    answers: { 'ifquery --state': 'eth0=eth0\neth1=eth1\n' },
    files: { '/etc/network/interfaces.d/50-cloud-init': 'auto eth0\niface eth0 inet manual\n' },
    fault: isFull,
  })
  const network: JsonObject = { version: 2, ethernets: ethernet('eth0') }
  await assert.rejects(applyNetwork(machine, network, { renderer: 'eni', distro: 'debian', bringsUp: true }), /ENOSPC/)
  assert.deepEqual(linesOf(machine), ['ifquery --state', 'ifdown --force eth0', 'ifup eth0'])
})

test('links that don’t come online in time are named, and the boot goes on', async () => {
  const machine = machineWith(['networkctl'], { files: tool, answers: { [waitForAll]: 1 } })
  await applyNetwork(machine, three, { renderer: 'networkd', distro: 'debian', bringsUp: true })
  assert.match(machine.records.map(({ message }) => message).join('\n'), /eth0, eth1, eth1\.5 are not online after/)
})
