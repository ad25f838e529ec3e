import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemoryFile, memoryMachine } from '../../src/machine/memory.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'

const LINUX: Record<string, MemoryFile> = {
  '/proc/sys/kernel/ostype': 'Linux\n',
  '/proc/sys/kernel/version': '#1 SMP\n',
  '/proc/sys/kernel/arch': 'aarch64\n',
}

test('a virtual machine under systemd: DMI from sysfs, trimmed, unset fields empty', async () => {
  const machine = memoryMachine({
    files: {
      ...LINUX,
      '/run/systemd/system/': '',
      '/proc/cmdline': 'BOOT_IMAGE=/vmlinuz ro quiet\n',
      '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n',
      '/sys/class/dmi/id/product_uuid': 'ec2e1916-9099-7caf-fd21-012345abcdef\n',
      '/sys/class/dmi/id/product_serial': Buffer.from('ffffffff0a', 'hex'),
      '/sys/class/dmi/id/board_serial': ' i-0abc \n',
    },
    commands: { 'systemd-detect-virt': 'amazon\n' },
  })
  assert.deepEqual(await gatherPlatform(machine), {
    dmi: {
      sysVendor: 'Amazon EC2',
      productName: '',
      productSerial: '',
      productUuid: 'ec2e1916-9099-7caf-fd21-012345abcdef',
      chassisAssetTag: '',
      boardSerial: 'i-0abc',
    },
    cmdline: 'BOOT_IMAGE=/vmlinuz ro quiet',
    virtualisation: 'amazon',
    isContainer: false,
    architecture: 'aarch64',
  })
})

test('without DMI in sysfs dmidecode is asked, and its dots mean nothing', async () => {
  const machine = memoryMachine({
    files: LINUX,
    commands: {
      'dmidecode --quiet --string=system-manufacturer': 'Hetzner\n',
      'dmidecode --quiet --string=chassis-asset-tag': '....\n',
    },
    onCommand: ([command]) => (command === 'dmidecode' ? { exitCode: 1 } : undefined),
  })
  const { dmi } = await gatherPlatform(machine)
  assert.equal(dmi.sysVendor, 'Hetzner')
  assert.equal(dmi.chassisAssetTag, '')
})

test('in a container DMI is the host its own and left out, and the command line is that of process 1', async () => {
  for (const [name, files] of Object.entries<Record<string, MemoryFile>>({
    podman: { '/run/systemd/system/': '', '/run/systemd/container': 'podman\n' },
    'container-other': { '/run/systemd/system/': '', '/run/systemd/container': 'oci\n' },
    unavailable: { '/proc/1/environ': 'PATH=/bin\0container=lxc\0' },
  })) {
    const machine = memoryMachine({
      files: {
        ...LINUX,
        ...files,
        '/sys/class/dmi/id/sys_vendor': 'Hetzner\n',
        '/proc/cmdline': 'ds=Ec2\n',
        '/proc/1/cmdline': '/sbin/init\0ds=GCE\0',
      },
    })
    const platform = await gatherPlatform(machine)
    assert.deepEqual(
      [platform.virtualisation, platform.isContainer, platform.dmi.sysVendor, platform.cmdline],
      [name, true, '', '/sbin/init ds=GCE'],
    )
  }
})

test('a machine that tells nothing is still described', async () => {
  const platform = await gatherPlatform(memoryMachine())
  assert.equal(platform.virtualisation, 'unavailable')
  assert.equal(platform.isContainer, false)
  assert.equal(platform.cmdline, '')
})
