import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'
import { defaultDatasources, detectors } from '../../src/platform/detect/index.ts'
import { identify, recordIdentification } from '../../src/platform/identify.ts'

const KERNEL = {
  '/proc/sys/kernel/ostype': 'Linux\n',
  '/proc/sys/kernel/version': '#1 SMP\n',
  '/proc/sys/kernel/arch': 'x86_64\n',
  '/run/systemd/system/': '',
}

const machineWith = ({ files, ...rest }: MemoryOptions = {}) =>
  memoryMachine({
    which: ['systemd-detect-virt'],
    commands: { 'systemd-detect-virt': 'kvm\n' },
    files: { ...KERNEL, ...files },
    ...rest,
  })

test('a list with one entry is taken without asking the machine anything', async () => {
  const machine = machineWith({ files: { '/etc/cloud/cloud.cfg': 'datasource_list: [ Ec2 ]\n' } })
  const result = await identify(machine)
  assert.deepEqual(result.datasources, ['Ec2'])
  assert.equal(result.checks, undefined)
  assert.deepEqual(machine.commands, [])
})

test('a list without disks or hypervisors in it runs no command', async () => {
  const machine = machineWith({
    files: {
      '/etc/cloud/cloud.cfg': 'datasource_list: [ Hetzner, GCE, Ec2, None ]\n',
      '/sys/class/dmi/id/sys_vendor': 'Hetzner\n',
    },
  })
  assert.deepEqual((await identify(machine)).datasources, ['Hetzner', 'None'])
  assert.deepEqual(machine.commands, [])
})

test('the container that systemd found itself in is known without a command', async () => {
  const machine = machineWith({
    files: {
      '/run/systemd/container': 'lxc\n',
      '/proc/1/cmdline': '/sbin/init\0ds=GCE\0',
      '/proc/cmdline': 'ds=Ec2\n',
    },
  })
  assert.deepEqual((await identify(machine)).datasources, ['GCE', 'None'])
  assert.deepEqual(machine.commands, [])
})

test('identifying changes nothing; recording leaves the list and the exit code for later callers', async () => {
  const machine = machineWith({ files: { '/sys/class/dmi/id/sys_vendor': 'DigitalOcean\n' } })
  const before = machine.tree()
  const first = await identify(machine)
  assert.deepEqual(machine.tree(), before)

  recordIdentification(machine, first)
  assert.equal(machine.files.readText('/run/cloud-init/cloud.cfg'), 'datasource_list: [ DigitalOcean, None ]\n')
  const second = await identify(machine)
  assert.equal(second.isCached, true)
  assert.deepEqual([second.exitCode, second.datasources], [first.exitCode, first.datasources])
})

test('a result that was written only half is found out again', async () => {
  const machine = machineWith({
    files: { '/sys/class/dmi/id/sys_vendor': 'DigitalOcean\n', '/run/cloud-init/cloud.cfg': '' },
  })
  const result = await identify(machine)
  assert.deepEqual([result.isCached, result.datasources], [false, ['DigitalOcean', 'None']])
})

test('disks that can not be listed, and config that can not be read, do not stop identification', async () => {
  const machine = machineWith({
    files: {
      '/sys/class/dmi/id/product_name': 'Google Compute Engine\n',
      '/etc/cloud/cloud.cfg': 'datasource_list: [ NoCloud, GCE ]\n',
      '/etc/cloud/ds-identify.cfg/': '',
    },
    fault: (action, path) => (action === 'read' && path === '/proc/1/environ' ? 'EACCES' : undefined),
  })
  const broken = { ...machine, disks: { ...machine.disks, list: () => Promise.reject(new Error('blkid: no')) } }
  assert.deepEqual((await identify(broken)).datasources, ['GCE', 'None'])
  assert.match(machine.records.map(({ message }) => message).join('\n'), /without disk labels: blkid: no/)
})

test('what belongs to a source that may be it comes with the list, with an empty line for a source without', async () => {
  const machine = machineWith({
    files: {
      '/proc/sys/kernel/arch': 'aarch64\n',
      '/etc/cloud/ds-identify.cfg': 'policy: search,maybe=all\n',
      '/etc/cloud/cloud.cfg.d/10-ec2.cfg': 'datasource:\n  Ec2:\n    strict_id: warn\n',
    },
  })
  const { runConfig } = await identify(machine)
  assert.equal(runConfig, 'datasource_list: [ Ec2, OpenStack, None ]\ndatasource: {Ec2: {strict_id: "warn"}}\n\n')
})

test('a list on the command line beats the configuration, and unknown names in it are passed over', async () => {
  const machine = machineWith({
    files: {
      '/proc/cmdline': "ro cc:{'datasource_list': ['Zzz', \"Hetzner\", 'NoCloud']} end_cc quiet\n",
      '/etc/cloud/cloud.cfg': 'datasource_list: [ GCE ]\n',
      '/sys/class/dmi/id/sys_vendor': 'Hetzner\n',
    },
  })
  assert.deepEqual((await identify(machine)).datasources, ['Hetzner', 'None'])
})

test('every datasource of the default list but MAAS has a check', () => {
  assert.deepEqual(
    defaultDatasources.filter((name) => !detectors.has(name)),
    ['MAAS'],
  )
})
