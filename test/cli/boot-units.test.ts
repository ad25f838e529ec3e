import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootInSteps } from '../../src/cli/boot-units.ts'
import type { MemoryDisk } from '../../src/machine/memory.ts'
import { bootable } from '../boot/made-up-boot.ts'

test('a seed disk that comes while udev settles is the machine’s, though nothing was found before', async () => {
  const disks: MemoryDisk[] = []
  const machine = bootable({
    files: { '/etc/cloud/cloud.cfg.d/99-list.cfg': 'datasource_list: [ConfigDrive, NoCloud, GCE]\n' },
    disks,
    which: (command) => `/usr/bin/${command}`,
    onCommand: ([program], _options, { files }) => {
      if (program !== 'udevadm') return undefined
      disks.push({
        path: '/dev/sr0',
        label: 'cidata',
        type: 'iso9660',
        isPartition: false,
        files: { 'meta-data': 'instance-id: iid-late\n', 'user-data': '#cloud-config\nhostname: late\n' },
      })
      files.write('/sys/class/block/sr0/dev', '11:0\n')
      return ''
    },
  })
  const opened = { machine, records: machine.records, root: '/', sendOutput: async () => undefined }
  const failures: number[] = []
  await bootInSteps(opened, { ready: Promise.resolve(), after: (_, count) => void failures.push(count) })
  assert.deepEqual(failures, [0, 0, 0, 0])
  assert.equal(machine.files.readText('/etc/hostname'), 'late\n')
})
