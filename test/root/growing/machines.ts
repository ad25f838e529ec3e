import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import { newImage, resizeImage } from './disk.ts'
import { writeInitramfs } from './initramfs.ts'
import { devicesOf, diskNames, type MachineName, machineDisks } from './machine-disks.ts'
import { run } from './system.ts'

/** Machines with a kernel of their own, in which vm-cells.ts runs as all that there is. */

const limitSeconds = 240

/** The first process: it waits for the last of the disks. */
const init = (machine: MachineName, modules: readonly string[], programs: string): string => {
  const where = machine === 'qemu' ? '' : '/mnt/programs'
  return `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/run DM_DISABLE_UDEV=1 MACHINE=${machine} BOOT=${where}/boot.mjs
mount -t proc none /proc; mount -t sysfs none /sys; mount -t tmpfs none /run; mount -t tmpfs none /mnt
[ -e /dev/null ] || mount -t devtmpfs none /dev
mkdir -p /mnt/programs
[ ${machine} = qemu ] || mount -t hostfs -o ${programs} none /mnt/programs
for name in ${modules.join(' ')}; do modprobe $name; done
until ${devicesOf[machine].map((device) => `[ -e ${device} ]`).join(' && ')}; do sleep 0.1; done
cd /
node ${where}/vm-cells.mjs 2>&1
sync
echo o >/proc/sysrq-trigger
sleep 60
`
}

/** The images, larger than their tables say, in the order of diskNames. */
const makeDisks = (folder: string): string[] =>
  diskNames.map((name) => {
    const image = newImage(folder, name, machineDisks[name], 420)
    resizeImage(image, 1024)
    return image
  })

const start = (command: string, words: readonly string[]): string => {
  const options = { encoding: 'utf8', timeout: limitSeconds * 1000, killSignal: 'SIGKILL', input: '' } as const
  const { stdout, stderr } = spawnSync(command, words, options)
  return `${stdout}${stderr}`.replaceAll('\r', '')
}

/** Runs the cells in User Mode Linux. Everything that the machine has printed. */
export const runUsermode = (built: string, folder: string): string => {
  const root = join(built, 'root')
  for (const name of ['boot.ts', 'vm-cells.ts']) bundle(name, folder)
  copyFileSync(realpathSync(process.execPath), join(root, 'usr/bin/node'))
  run('chmod', '755', join(root, 'usr/bin/node'))
  run('cp', '--recursive', '--no-target-directory', '/usr/lib/uml/modules', join(root, 'lib/modules'))
  writeFileSync(join(root, 'init'), init('usermode', ['dm_mod', 'dm_crypt', 'algif_skcipher', 'xts'], folder), {
    mode: 0o755,
  })
  const disks = makeDisks(folder).map((image, index) => `ubd${'abcdefghij'[index]}=${image}`)
  const options = ['mem=1G', 'root=/dev/root', 'rootfstype=hostfs', `rootflags=${root}`, 'rw', 'quiet', 'init=/init']
  return start('linux.uml', [...options, 'con=null', 'con0=null,fd:1', 'console=tty0', ...disks])
}

/** Runs the cells in qemu. Everything that the machine has printed. */
export const runQemu = (built: string, folder: string): string => {
  const initramfs = join(folder, 'initramfs')
  writeInitramfs(initramfs, join(built, 'root'), {
    init: Buffer.from(
      init('qemu', ['virtio_pci', 'virtio_blk', 'nvme', 'ext4', 'xfs', 'btrfs', 'dm_crypt', 'algif_skcipher'], ''),
    ),
    'usr/bin/node': readFileSync(realpathSync(process.execPath)),
    'boot.mjs': readFileSync(bundle('boot.ts', folder)),
    'vm-cells.mjs': readFileSync(bundle('vm-cells.ts', folder)),
  })
  const memory = Math.ceil(statSync(initramfs).size / 2 ** 20) + 700
  const disks = makeDisks(folder).flatMap((image, index) => {
    const isNvme = devicesOf.qemu[index]?.includes('nvme')
    const device = isNvme ? `nvme,drive=d${index},serial=d${index}` : `virtio-blk-pci,drive=d${index}`
    return ['-drive', `file=${image},if=none,id=d${index},format=raw,cache=unsafe`, '-device', device]
  })
  return start('qemu-system-x86_64', [
    ...['-machine', `q35,accel=${process.env['VM_ACCEL'] ?? 'tcg'}`, '-cpu', 'max', '-smp', '2', '-m', String(memory)],
    ...[
      '-nodefaults',
      '-no-user-config',
      '-display',
      'none',
      '-no-reboot',
      '-serial',
      'stdio',
      '-device',
      'virtio-rng-pci',
    ],
    ...[
      '-kernel',
      join(built, 'vmlinuz'),
      '-initrd',
      initramfs,
      '-append',
      'console=ttyS0 quiet panic=-1 rdinit=/init',
    ],
    ...disks,
  ])
}
