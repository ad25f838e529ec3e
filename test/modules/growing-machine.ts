import type { MemoryCommandHandler, MemoryDisk, MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { madeUpDebian } from './made-up-debian.ts'

export interface World {
  /** Type and source of the root file system. */
  readonly root?: string
  readonly options?: string
  readonly installed?: readonly string[]
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly disks?: readonly MemoryDisk[]
  readonly onCommand?: MemoryCommandHandler
}

/** The disk in sysfs. */
export const disk = '/sys/devices/pci0000:00/nvme/nvme0n1'

/** A machine with its root on the first partition of an NVMe disk, whose names end in digits either way. */
export const machineOf = ({
  root = 'ext4 /dev/nvme0n1p1',
  options = 'rw',
  installed = ['growpart'],
  files,
  disks = [],
  onCommand,
}: World = {}): MemoryMachine =>
  madeUpDebian({
    which: installed,
    disks,
    files: {
      '/proc/self/mountinfo': `29 1 259:1 / / ${options},relatime shared:1 - ${root} rw\n30 29 0:5 / /proc rw - proc proc rw\n`,
      '/dev/nvme0n1': { device: true },
      '/dev/nvme0n1p1': { device: true },
      [`${disk}/size`]: '20971520\n',
      [`${disk}/nvme0n1p1/partition`]: '1\n',
      [`${disk}/nvme0n1p1/start`]: '2048\n',
      [`${disk}/nvme0n1p1/size`]: '4194304\n',
      '/sys/class/block/nvme0n1': { link: disk },
      '/sys/class/block/nvme0n1p1': { link: `${disk}/nvme0n1p1` },
      ...files,
    },
    onCommand: async (argv, given, machine) => (await onCommand?.(argv, given, machine)) ?? '',
  })
