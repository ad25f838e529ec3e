import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SimulatedCloud, SimulatedDisk } from '../../src/simulator/cloud.ts'
import { cache } from './image.ts'

export interface MachineOptions {
  readonly folder: string
  readonly disk: string
  readonly cloud: SimulatedCloud
  readonly taps: readonly string[]
  /** Where the console goes. */
  readonly consoleFile: string
  /** What happens to a seed disk before it is attached. */
  readonly spoilDisk?: (image: string) => void
}

/** A running virtual machine. */
export interface VirtualMachine {
  /** Resolves when qemu has ended: the machine was powered off, wanted to reboot, or was killed. */
  readonly ended: Promise<void>
  readonly isRunning: () => boolean
  /** Pulls the plug. */
  kill(): void
}

/** `-smbios` fields by the names of their files in /sys/class/dmi/id. */
const smbiosFields: Readonly<Record<string, readonly [type: number, field: string]>> = {
  sys_vendor: [1, 'manufacturer'],
  product_name: [1, 'product'],
  product_serial: [1, 'serial'],
  product_uuid: [1, 'uuid'],
  board_serial: [2, 'serial'],
  chassis_asset_tag: [3, 'asset'],
}

const smbiosWords = (dmi: Readonly<Record<string, string>>): string[] =>
  [1, 2, 3].flatMap((type) => {
    const fields = Object.entries(dmi).flatMap(([name, value]) => {
      const [fieldType, field] = smbiosFields[name] ?? []
      return fieldType === type && value !== '' ? [`${field}=${value.replaceAll(',', ',,')}`] : []
    })
    return fields.length > 0 ? ['-smbios', `type=${type},${fields.join(',')}`] : []
  })

/** A CD (ISO 9660, or UDF where the cloud uses that) or, for vfat, a disk, with the cloud's files. */
export const makeSeedDisk = (disk: SimulatedDisk, folder: string, index: number): string => {
  const content = mkdtempSync(join(folder, 'seed-'))
  for (const [path, bytes] of Object.entries(disk.files)) {
    mkdirSync(dirname(join(content, path)), { recursive: true })
    writeFileSync(join(content, path), bytes)
  }
  const image = join(folder, `seed-${index}.img`)
  rmSync(image, { force: true })
  const quiet = { stdio: ['ignore', 'ignore', 'ignore'] as 'ignore'[], timeout: 60_000 }
  if (disk.type === 'vfat') {
    execFileSync('mkfs.vfat', ['-C', '-n', disk.label, image, '8192'], quiet)
    execFileSync(
      'mcopy',
      ['-s', '-i', image, ...Object.keys(disk.files).map((path) => join(content, path.split('/')[0] ?? path)), '::'],
      quiet,
    )
  } else {
    const udf = disk.type === 'udf' ? ['-udf'] : []
    execFileSync('genisoimage', ['-quiet', '-J', '-r', ...udf, '-V', disk.label, '-o', image, content], quiet)
  }
  rmSync(content, { recursive: true })
  return image
}

const seedWords = ({ cloud, folder, spoilDisk }: MachineOptions): string[] => {
  const disks = cloud.disks ?? []
  if (disks.length === 0) return []
  return [
    '-device',
    'virtio-scsi-pci',
    ...disks.flatMap((disk, index) => {
      const kind = disk.type === 'vfat' ? 'scsi-hd' : 'scsi-cd'
      const image = makeSeedDisk(disk, folder, index)
      spoilDisk?.(image)
      return [
        '-drive',
        `file=${image},if=none,id=seed${index},format=raw,readonly=on`,
        '-device',
        `${kind},drive=seed${index}`,
      ]
    }),
  ]
}

/** Starts a machine; a reboot ends it. */
export const startMachine = (options: MachineOptions): VirtualMachine => {
  const { cloud, taps, disk, consoleFile } = options
  const links = cloud.links.flatMap(({ mac }, index) => [
    '-netdev',
    `tap,id=net${index},ifname=${taps[index] ?? ''},script=no,downscript=no`,
    '-device',
    `virtio-net-pci,netdev=net${index},mac=${mac},romfile=`,
  ])
  const named = cloud.cmdline.split(' ').filter((word) => /^(ds|ci\.ds|cloud-init)=/.test(word))
  // no_timer_check: on a busy host the emulated timer may be late, and the kernel would give up.
  const words = [
    ...['-machine', `q35,accel=${process.env['VM_ACCEL'] ?? 'tcg'}`, '-cpu', 'max', '-smp', '2', '-m', '768'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', `file:${consoleFile}`],
    ...['-device', 'virtio-rng-pci', '-drive', `file=${disk},if=virtio,format=qcow2,cache=unsafe`],
    ...['-kernel', join(cache, 'vmlinuz'), '-initrd', join(cache, 'initrd.img')],
    ...[
      '-append',
      ['root=LABEL=root ro console=ttyS0 quiet no_timer_check', 'systemd.show_status=true', ...named].join(' '),
    ],
    ...smbiosWords(cloud.dmi),
    ...seedWords(options),
    ...links,
  ]
  const child: ChildProcess = spawn('qemu-system-x86_64', words, { stdio: ['ignore', 'inherit', 'inherit'] })
  let running = true
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      running = false
      resolve()
    }
    child.on('close', end)
    child.on('error', end)
  })
  return { ended, isRunning: () => running, kill: () => void child.kill('SIGKILL') }
}
