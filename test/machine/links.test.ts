import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  classlessRoutes,
  leaseRoutes,
  optionOfMessage,
  prefixOf,
  readDhclientLease,
  readLeaseVariables,
} from '../../src/machine/dhcp-leases.ts'
import { CommandError, LinkError } from '../../src/machine/errors.ts'
import { liveLinks } from '../../src/machine/live-links.ts'
import { type MemoryMachine, type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'

const dhclientLeases = `lease {
  interface "eth0";
  fixed-address 10.0.0.4;
  option subnet-mask 255.255.255.0;
  option routers 10.0.0.9;
}
lease {
  interface "eth0";
  fixed-address 10.0.0.5;
  option subnet-mask 255.255.255.0;
  option rfc3442-classless-static-routes 0,10,0,0,1,32,168,63,129,16,10,0,0,1;
  option unknown-245 a8:3f:81:10;
  option domain-name "example.com";
  renew 4 2025/07/27 18:02:30;
}
lease {
  interface "eth1";
  fixed-address 10.0.1.5;
}
`

test('the newest lease of a link is read from the file of dhclient', () => {
  assert.deepEqual(readDhclientLease(dhclientLeases, 'eth0'), {
    interface: 'eth0',
    'fixed-address': '10.0.0.5',
    'subnet-mask': '255.255.255.0',
    'rfc3442-classless-static-routes': '0,10,0,0,1,32,168,63,129,16,10,0,0,1',
    'unknown-245': 'a8:3f:81:10',
    'domain-name': 'example.com',
    renew: '4 2025/07/27 18:02:30',
  })
  assert.equal(readDhclientLease(dhclientLeases, 'eth2'), undefined)
  assert.equal(readDhclientLease('', 'eth0'), undefined)
})

test('leases of dhcpcd and udhcpc get the option names of dhclient', () => {
  const expected = {
    'fixed-address': '10.0.0.5',
    'subnet-mask': '255.255.255.0',
    'domain-name-servers': '10.0.0.2,10.0.0.3',
    routers: '10.0.0.1',
    'rfc3442-classless-static-routes': '0,10,0,0,1,32,168,63,129,16,10,0,0,1,20,172,16,16,10,0,0,2',
  }
  const routes = '0.0.0.0/0 10.0.0.1 168.63.129.16/32 10.0.0.1 172.16.16.0/20 10.0.0.2'
  const dhcpcd = [
    "ip_address='10.0.0.5'",
    "subnet_cidr='24'",
    "domain_name_servers='10.0.0.2 10.0.0.3'",
    "routers='10.0.0.1'",
    `classless_static_routes='${routes}'`,
  ]
  const udhcpc = [
    'ip=10.0.0.5',
    'subnet=255.255.255.0',
    'dns=10.0.0.2 10.0.0.3',
    'router=10.0.0.1',
    `staticroutes=${routes}`,
  ]
  assert.deepEqual(readLeaseVariables(dhcpcd.join('\n')), expected)
  assert.deepEqual(readLeaseVariables([...udhcpc, 'opt245=a83f8110', 'PATH=/bin'].join('\n')), {
    ...expected,
    'unknown-245': 'a8:3f:81:10',
  })
  assert.equal(readLeaseVariables("reason='TIMEOUT'\n"), undefined)
})

test('an option of a DHCP message is found, and a cut off message is no trouble', () => {
  const message = Uint8Array.from([...Array(240).fill(0), 0, 53, 1, 5, 245, 4, 0xa8, 0x3f, 0x81, 0x10, 255])
  assert.equal(optionOfMessage(message, 245), 'a8:3f:81:10')
  assert.equal(optionOfMessage(message, 121), undefined)
  for (let length = 0; length < 246; length += 1)
    assert.equal(optionOfMessage(message.subarray(0, length), 121), undefined)
})

test('routes of a lease are read, up to where they make no sense', () => {
  const sound = { destination: '0.0.0.0/0', gateway: '10.0.0.1' }
  assert.deepEqual(classlessRoutes('0,10,0,0,1'), [sound])
  assert.deepEqual(classlessRoutes('0,10,0,0,1,20,172,16,16,10,0,0,2'), [
    sound,
    { destination: '172.16.16.0/20', gateway: '10.0.0.2' },
  ])
  for (const rest of ['33,1,2,3,4,5,10,0,0,1', '24,10,0', '24,10,0,0,10,0,0,300', 'x,y']) {
    assert.deepEqual(classlessRoutes(`0,10,0,0,1,${rest}`), [sound], rest)
  }
  assert.deepEqual(classlessRoutes(''), [])
  assert.deepEqual(leaseRoutes({ routers: '10.0.0.9,10.0.0.8' }), [{ destination: '0.0.0.0/0', gateway: '10.0.0.9' }])
  assert.deepEqual(leaseRoutes({ routers: '10.0.0.9', 'rfc3442-classless-static-routes': '0,10,0,0,1' }), [sound])
  assert.deepEqual(leaseRoutes({}), [])
})

test('a mask is a prefix length', () => {
  const masks: [string | undefined, number][] = [
    ['255.255.255.0', 24],
    ['255.255.240.0', 20],
    ['255.255.255.255', 32],
    ['0.0.0.0', 0],
    ['255.0.255.0', 32],
    ['nonsense', 32],
    [undefined, 32],
  ]
  for (const [mask, prefix] of masks) assert.equal(prefixOf(mask), prefix, mask)
})

/** A machine with a link that is down, and dhclient, which writes its lease as it does. */
const machineWith = (lease: string | undefined, more: MemoryOptions = {}): MemoryMachine =>
  memoryMachine({
    files: { '/sys/class/net/eth0/flags': '0x1002\n', '/sys/class/net/up0/flags': '0x1003\n' },
    which: ['dhclient', 'ip', 'kill'],
    onCommand: (argv, _options, { files }) => {
      if (argv[0] !== 'dhclient') return {}
      if (lease !== undefined) files.write(argv[4] ?? '', lease)
      files.write(argv[6] ?? '', '4711\n')
      return { exitCode: lease === undefined ? 2 : 0 }
    },
    ...more,
  })

const ipCommands = (machine: MemoryMachine): string[] =>
  machine.commands.filter(({ argv }) => argv[0] === 'ip').map(({ argv }) => argv.slice(1).join(' '))

test('a lease is asked for, put in force, and taken back', async () => {
  const machine = machineWith(dhclientLeases)
  const links = liveLinks(machine, new Map())
  const lease = await links.dhcp('eth0')
  assert.equal(lease.interface, 'eth0')
  assert.equal(lease.options['unknown-245'], 'a8:3f:81:10')
  const done = ipCommands(machine)
  assert.deepEqual(done, [
    'link set dev eth0 up',
    '-4 -o addr show dev eth0',
    '-4 addr replace 10.0.0.5/24 dev eth0',
    '-4 route append 0.0.0.0/0 via 10.0.0.1 dev eth0',
    '-4 route append 168.63.129.16/32 via 10.0.0.1 dev eth0',
  ])
  assert.ok(machine.commands.some(({ argv }) => argv.join(' ') === 'kill 4711'))
  await links.release('eth0')
  assert.deepEqual(ipCommands(machine).slice(done.length), [
    '-4 route del 168.63.129.16/32 via 10.0.0.1 dev eth0',
    '-4 route del 0.0.0.0/0 via 10.0.0.1 dev eth0',
    '-4 addr del 10.0.0.5/24 dev eth0',
    'link set dev eth0 down',
  ])
  await links.release('eth0')
  assert.equal(ipCommands(machine).length, 9)
  assert.deepEqual(machine.files.list('/run'), [])
})

test('a link that was up stays up, and an address or route that was there stays', async () => {
  const lease = 'lease {\n interface "up0";\n fixed-address 10.0.0.5;\n option routers 10.0.0.1;\n}'
  const machine = machineWith(lease, {
    onCommand: (argv, _options, { files }) => {
      if (argv.includes('show')) return '2: up0    inet 10.0.0.5/32 brd 10.0.0.255 scope global up0\\ valid_lft forever'
      if (argv.includes('append')) return { exitCode: 2, stderr: 'RTNETLINK answers: File exists' }
      if (argv[0] === 'dhclient') files.write(argv[4] ?? '', lease)
      return {}
    },
  })
  const links = liveLinks(machine, new Map())
  await links.dhcp('up0')
  await links.release('up0')
  assert.deepEqual(ipCommands(machine), ['-4 -o addr show dev up0', '-4 route append 0.0.0.0/0 via 10.0.0.1 dev up0'])
})

test('without a lease the link is put back as it was', async () => {
  const machine = machineWith(undefined)
  await assert.rejects(liveLinks(machine, new Map()).dhcp('eth0', { timeoutSeconds: 7 }), (error) => {
    assert.ok(error instanceof LinkError)
    assert.equal(error.message, 'eth0: no DHCP lease in 7 s (asked by dhclient)')
    return true
  })
  const show = '-4 -o addr show dev eth0'
  assert.deepEqual(ipCommands(machine), ['link set dev eth0 up', show, show, 'link set dev eth0 down'])
})

test('a link that was brought up before stays up when there is no lease', async () => {
  let isUp = false
  const machine = machineWith(undefined, {
    onCommand: (argv, _options, { files }) => {
      if (argv.join(' ') === 'ip link set dev eth0 up') {
        isUp = true
        files.write('/sys/class/net/eth0/flags', '0x1003\n')
      }
      if (argv.join(' ') === 'ip link set dev eth0 down') isUp = false
      return {}
    },
  })
  const links = liveLinks(machine, new Map())
  await links.up('eth0')
  await assert.rejects(links.dhcp('eth0'), LinkError)
  assert.ok(isUp)
  await links.release('eth0')
  assert.ok(!isUp)
})

test('networkd is asked where there is no other client, and its lease is read', async () => {
  const lease = [
    '# This is private data. Do not parse.',
    'ADDRESS=10.0.0.58',
    'NETMASK=255.255.255.0',
    'ROUTER=10.0.0.1',
    'DNS=10.0.0.2 10.0.0.3',
    'CLASSLESS_ROUTES=0.0.0.0/0,10.0.0.1 169.254.169.254/32,10.0.0.1',
    'OPTION_245=a83f8110',
  ]
  let network = ''
  const machine = memoryMachine({
    files: { '/sys/class/net/eth0/flags': '0x1002\n', '/usr/lib/systemd/systemd-networkd': '' },
    which: ['ip', 'unshare'],
    onCommand: (argv, _options, { files }) => {
      if (argv[0] !== 'unshare') return {}
      network = files.readText('/run/firstlight-networkd-eth0/etc/network/10-firstlight.network')
      return { stdout: lease.join('\n'), exitCode: 143 }
    },
  })
  const { options } = await liveLinks(machine, new Map()).dhcp('eth0')
  assert.match(network, /^\[Match\]\nName=eth0\n/)
  assert.deepEqual(options, {
    interface: 'eth0',
    'fixed-address': '10.0.0.58',
    'subnet-mask': '255.255.255.0',
    routers: '10.0.0.1',
    'domain-name-servers': '10.0.0.2,10.0.0.3',
    'rfc3442-classless-static-routes': '0,10,0,0,1,32,169,254,169,254,10,0,0,1',
    'unknown-245': 'a8:3f:81:10',
  })
  assert.ok(!machine.files.exists('/run/firstlight-networkd-eth0'))
})

test('without a DHCP client the error says what to install', async () => {
  const machine = machineWith(undefined, { which: ['ip'] })
  await assert.rejects(liveLinks(machine, new Map()).dhcp('eth0'), /no DHCP client is installed: install dhcpcd-base/)
  assert.deepEqual(machine.commands, [])
})

test('a dhcpcd that can not be stopped spoils no lease', async () => {
  const machine = machineWith(undefined, {
    which: ['dhcpcd', 'ip'],
    onCommand: (argv) => {
      if (argv.includes('--exit')) throw new CommandError(argv, undefined, '', '', 'still running after 15 s: ended')
      return argv.includes('--dumplease') ? "ip_address='10.0.0.7'\nsubnet_cidr='16'\n" : {}
    },
  })
  const lease = await liveLinks(machine, new Map()).dhcp('eth0')
  assert.equal(lease.options['fixed-address'], '10.0.0.7')
})

test('a name that is no link is refused before anything is run', async () => {
  const machine = machineWith(dhclientLeases)
  const links = liveLinks(machine, new Map())
  for (const name of ['eth7', '', '..', '-v', 'a b', '../../x', 'x'.repeat(16)]) {
    await assert.rejects(links.dhcp(name), LinkError, name)
    await assert.rejects(links.linkLocal(name), LinkError, name)
  }
  assert.deepEqual(machine.commands, [])
})

test('a link-local address is one of those that RFC 3927 allows, and is taken back', async () => {
  const machine = machineWith(undefined)
  const links = liveLinks(machine, new Map())
  await links.linkLocal('eth0')
  const [up, add = ''] = ipCommands(machine)
  assert.equal(up, 'link set dev eth0 up')
  const [, octet = ''] = /^-4 addr add 169\.254\.(\d+)\.\d+\/16 dev eth0$/.exec(add) ?? []
  assert.ok(Number(octet) >= 1 && Number(octet) <= 254, add)
  await links.release('eth0')
  assert.deepEqual(ipCommands(machine).slice(2), [add.replace(' add ', ' del '), 'link set dev eth0 down'])
})

test('dhcpcd and udhcpc are asked where there is no dhclient', async () => {
  const dhcpcd = machineWith(undefined, {
    which: ['dhcpcd', 'ip'],
    onCommand: (argv) => (argv.includes('--dumplease') ? "ip_address='10.0.0.7'\nsubnet_cidr='16'\n" : {}),
  })
  await liveLinks(dhcpcd, new Map()).dhcp('eth0')
  assert.ok(ipCommands(dhcpcd).includes('-4 addr replace 10.0.0.7/16 dev eth0'))
  assert.equal(
    dhcpcd.commands.some(({ argv }) => argv.includes('--exit')),
    true,
  )

  const udhcpc = machineWith(undefined, {
    which: ['udhcpc', 'ip'],
    onCommand: (argv, { env }, { files }) => {
      if (argv[0] === 'udhcpc') files.write(env?.['FIRSTLIGHT_LEASE'] ?? '', 'ip=10.0.0.8\nsubnet=255.255.0.0\n')
      return {}
    },
  })
  await liveLinks(udhcpc, new Map()).dhcp('eth0')
  assert.ok(ipCommands(udhcpc).includes('-4 addr replace 10.0.0.8/16 dev eth0'))
  assert.deepEqual(udhcpc.files.list('/run'), [])
})
