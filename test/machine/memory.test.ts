import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpFailure, LinkError, MountError } from '../../src/machine/errors.ts'
import { memoryMachine } from '../../src/machine/memory.ts'

test('a made-up machine has the files it was told of', () => {
  const machine = memoryMachine({
    files: {
      '/etc/hostname': 'host\n',
      '/etc/shadow': { content: 'x', mode: 0o640, groupId: 42 },
      '/bin': { link: 'usr/bin' },
      '/run/': '',
      '/home/x': { folder: true, mode: 0o700, userId: 1000 },
      '/run/socket': { socket: true },
      '/dev/sda': { device: true },
      '/data': new Uint8Array([0xff]),
    },
  })
  const shown = Object.entries(machine.tree()).map(
    ([path, { type, mode, userId, groupId, content }]) =>
      `${path} ${type} ${mode.toString(8)} ${userId}:${groupId} ${content}`,
  )
  assert.deepEqual(shown.sort(), [
    '/bin link 777 0:0 usr/bin',
    '/data file 644 0:0 \uFFFD',
    '/dev folder 755 0:0 ',
    '/dev/sda device 660 0:0 ',
    '/etc folder 755 0:0 ',
    '/etc/hostname file 644 0:0 host\n',
    '/etc/shadow file 640 0:42 x',
    '/home folder 755 0:0 ',
    '/home/x folder 700 1000:0 ',
    '/run folder 755 0:0 ',
    '/run/socket socket 666 0:0 ',
  ])
})

test('owners can be set, of a link its own', () => {
  const { files } = memoryMachine({ files: { '/a': 'x', '/b': { link: 'a' } } })
  files.setOwner('/b', { userId: 5, groupId: 6 })
  files.write('/a', 'y', { owner: { userId: 7, groupId: 8 } })
  files.write('/a', 'z')
  assert.deepEqual([files.linkStat('/b')?.userId, files.stat('/a')?.userId, files.stat('/a')?.groupId], [5, 7, 8])
})

test('a made-up disk is there while it is mounted, whatever happens', async () => {
  const machine = memoryMachine({
    disks: [
      { path: '/dev/sr0', type: 'iso9660', label: 'config-2', files: { '/openstack/latest/meta_data.json': '{}' } },
      { path: '/dev/sda1', isPartition: true, unmountable: true },
    ],
  })
  const before = machine.tree()
  let where = ''
  const reading = machine.disks.withMounted('/dev/sr0', (folder) => {
    where = folder
    assert.deepEqual(machine.as('other').files.list(`${folder}/openstack`), ['latest'])
    throw new Error('half way')
  })
  await assert.rejects(reading, /half way/)
  assert.equal(machine.files.exists(where), false)
  assert.deepEqual(machine.tree(), before)
  await assert.rejects(
    machine.disks.withMounted('/dev/sda1', () => 1),
    MountError,
  )
  await assert.rejects(
    machine.disks.withMounted('/dev/sr0', () => 1, { types: ['vfat'] }),
    MountError,
  )
  assert.equal(await machine.disks.withMounted('/dev/sr0', () => 1, { types: ['vfat', 'iso9660'] }), 1)
  assert.deepEqual(
    machine.mounts.map(({ failed }) => failed),
    [false, true, true, false],
  )
  assert.deepEqual(await machine.disks.list(), [
    { path: '/dev/sr0', type: 'iso9660', label: 'config-2', isPartition: false },
    { path: '/dev/sda1', isPartition: true },
  ])
})

test('a disk that is mounted already is read where it is', async () => {
  const machine = memoryMachine({
    files: { '/proc/mounts': '/dev/sda2 /mnt/seed\\040disk ext4 rw 0 0\n', '/mnt/seed disk/file': 'text' },
    disks: [{ path: '/dev/sda2' }],
  })
  assert.equal(await machine.disks.withMounted('/dev/sda2', (folder) => folder), '/mnt/seed disk')
  assert.deepEqual(machine.mounts, [])
})

test('links give the leases that were made up', async () => {
  const machine = memoryMachine({ leases: { eth0: { 'fixed-address': '10.0.0.5' } } })
  assert.deepEqual(await machine.links.dhcp('eth0'), {
    interface: 'eth0',
    options: { 'fixed-address': '10.0.0.5' },
  })
  await assert.rejects(machine.links.dhcp('eth1'), LinkError)
  await machine.links.linkLocal('eth1')
  await machine.links.release('eth0')
  assert.deepEqual(
    machine.linkCalls.map(({ call, link }) => `${call} ${link}`),
    ['dhcp eth0', 'dhcp eth1', 'linkLocal eth1', 'release eth0'],
  )
})

test('sleeping takes no time, and sleepers wake in the order of a real clock', async () => {
  const { clock } = memoryMachine({ startTime: 0, uptimeSeconds: 5 })
  const woken: string[] = []
  await Promise.all([
    clock.sleep(3000).then(() => woken.push('c')),
    clock.sleep(1000).then(async () => {
      woken.push('a')
      await clock.sleep(1000)
      woken.push('b')
    }),
  ])
  assert.deepEqual(woken, ['a', 'b', 'c'])
  assert.deepEqual([clock.now(), clock.monotonic(), clock.uptime()], [3000, 3000, 8])
  assert.deepEqual(clock.slept, [1000, 1000, 3000])
})

test('a sleep that is no longer wanted does not move the clock', async () => {
  const { clock } = memoryMachine()
  const stop = new AbortController()
  const sleeping = clock.sleep(10_000, stop.signal)
  stop.abort()
  await sleeping
  await clock.sleep(1000)
  assert.equal(clock.monotonic(), 1000)
  assert.deepEqual(clock.slept, [1000])
})

test('a request without an answer in time takes that time', async () => {
  const machine = memoryMachine({ http: ({ url }) => new HttpFailure(url, 'timeout', 'silent') })
  await assert.rejects(machine.http.request({ url: 'http://x/', timeoutSeconds: 50 }), HttpFailure)
  await assert.rejects(machine.http.request({ url: 'http://x/' }), HttpFailure)
  assert.equal(machine.clock.monotonic(), 60_000)
})

test('a machine without network says so', async () => {
  await assert.rejects(memoryMachine().http.request({ url: 'http://169.254.169.254/' }), { reason: 'unreachable' })
})

test('an operation can be made to fail as the kernel would', () => {
  const { files } = memoryMachine({
    fault: (action, path) => (action === 'write' && path.startsWith('/etc') ? 'EROFS' : undefined),
  })
  assert.throws(() => files.write('/etc/hostname', 'x'), {
    reason: 'EROFS',
    message: 'cannot write /etc/hostname: the file system is read-only (EROFS): mount it writable',
  })
  files.write('/run/x', '')
})

test('a command is found where it is listed, or is an executable file', () => {
  const machine = memoryMachine({
    which: ['blkid', '/sbin/ip'],
    files: { '/usr/bin/tool': { content: '', mode: 0o755 }, '/usr/bin/data': '' },
  })
  assert.deepEqual(['blkid', 'ip', 'tool', 'data', 'sh'].map(machine.which), [
    '/usr/bin/blkid',
    '/sbin/ip',
    '/usr/bin/tool',
    undefined,
    undefined,
  ])
  assert.equal(memoryMachine({ commands: { 'hostname new': '' } }).which('hostname'), '/usr/bin/hostname')
})
