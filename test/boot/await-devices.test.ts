import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awaitDevices } from '../../src/boot/await-devices.ts'
import { type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'
import { identify } from '../../src/platform/identify.ts'

const pci = '/sys/bus/pci/devices/0000:00:03.0'

/** A machine with one disk, a seed and one virtio interface that udev is through with. */
const complete: Readonly<Record<string, string | MemoryFile>> = {
  '/sys/class/block/vda/dev': '254:0\n',
  '/sys/class/block/sr0/dev': '11:0\n',
  '/sys/class/block/loop0/dev': '7:0\n',
  '/run/udev/data/b254:0': 'I:1\n',
  '/run/udev/data/b11:0': 'I:2\n',
  [`${pci}/class`]: '0x020000\n',
  [`${pci}/virtio0/net/ens3/ifindex`]: '2\n',
  '/sys/class/net/ens3/address': '52:54:00:12:34:56\n',
  '/sys/class/net/ens3/ifindex': '2\n',
  '/sys/class/net/ens3/device/uevent': '',
  '/run/udev/data/n2': 'I:3\nE:ID_NET_NAME_SLOT=ens3\n',
  '/etc/cloud/cloud.cfg': 'datasource_list: [ConfigDrive, NoCloud, Ec2, None]\n',
  '/sys/class/dmi/id/sys_vendor': 'QEMU\n',
}
const seed = { path: '/dev/sr0', label: 'cidata', type: 'iso9660', isPartition: false }
const ec2 = { '/sys/class/dmi/id/product_uuid': 'ec2e1916-9099-7caf-fd21-012345abcdef\n' }
const ec2Serial = { ...ec2, '/sys/class/dmi/id/product_serial': 'ec2e1916-9099-7caf-fd21-012345abcdef\n' }

const cases: [
  what: string,
  settles: boolean,
  files: Readonly<Record<string, string | MemoryFile | undefined>>,
  hasSeed?: boolean,
][] = [
  ['all is there', false, {}],
  ['no seed yet', true, {}, false],
  ['a cloud without a seed, which a disk that comes could overrule', true, ec2Serial, false],
  [
    'a cloud without a seed, the only one configured',
    false,
    { ...ec2Serial, '/etc/cloud/cloud.cfg': 'datasource_list: [Ec2]\n' },
    false,
  ],
  [
    'a seed that the image wants, not there yet',
    true,
    { '/etc/cloud/cloud.cfg': 'datasource_list: [NoCloud]\n' },
    false,
  ],
  ['a disk that udev is not through with', true, { '/run/udev/data/b11:0': undefined }],
  ['an interface that udev is not through with', true, { '/run/udev/data/n2': 'E:ID_NET_NAME_SLOT=ens3\n' }],
  ['an interface that is being renamed', true, { '/run/udev/data/n2': 'I:3\nE:ID_RENAMING=1\n' }],
  ['a network card without its interface', true, { '/sys/bus/pci/devices/0000:00:04.0/class': '0x020000\n' }],
  ['another card', false, { '/sys/bus/pci/devices/0000:00:05.0/class': '0x010000\n' }],
  ['no network card at all', true, { [`${pci}/class`]: '0x010000\n' }],
]

for (const [what, settles, files, hasSeed = true] of cases) {
  test(`${what}: ${settles ? 'udev is waited for' : 'nobody waits'}`, async () => {
    const all = Object.fromEntries(
      Object.entries({ ...complete, ...files }).flatMap(([path, content]) =>
        content === undefined ? [] : [[path, content]],
      ),
    )
    const machine = memoryMachine({
      files: all,
      disks: hasSeed ? [seed] : [],
      which: ['udevadm', 'systemd-detect-virt'],
      onCommand: ([program]) => (program === 'udevadm' ? '' : 'qemu\n'),
    })
    const found = await identify(machine)
    await awaitDevices(machine, found)
    const waits = machine.commands.filter(({ argv }) => argv[0] === 'udevadm').map(({ argv }) => argv.join(' '))
    assert.deepEqual(waits, settles ? ['udevadm settle --timeout=30'] : [])
  })
}

test('where firstlight is switched off nobody waits; a fact that can not be read is a reason to wait', async () => {
  const udev = { which: ['udevadm', 'systemd-detect-virt'], disks: [seed], onCommand: () => '' }
  const off = memoryMachine({ ...udev, files: { ...complete, '/etc/cloud/cloud-init.disabled': '' } })
  await awaitDevices(off, await identify(off))
  assert.deepEqual(off.commands, [])
  const torn = memoryMachine({
    ...udev,
    files: complete,
    fault: (_action, path) => (path === '/sys/class/block/sr0/dev' ? 'EIO' : undefined),
  })
  await awaitDevices(torn, await identify(torn))
  assert.ok(torn.commands.some(({ argv }) => argv[1] === 'settle'))
})

test('without udev nobody waits; one that fails is told, and the boot goes on', async () => {
  const none = memoryMachine({ which: [] })
  await awaitDevices(none, await identify(none))
  assert.deepEqual(none.commands, [])
  const failing = memoryMachine({
    which: ['udevadm'],
    onCommand: ([program]) => {
      if (program === 'udevadm') throw new Error('no such device')
      return 'qemu\n'
    },
  })
  await awaitDevices(failing, await identify(failing))
  assert.match(failing.records.map(({ message }) => message).join('\n'), /some devices may be missed: no such device/)
})
