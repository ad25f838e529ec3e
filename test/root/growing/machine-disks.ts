/** The disks of the machines that vm-cells.ts runs in, as sfdisk(8) lays them out; undefined: without a table. */
const bios = 'size=8MiB, type=21686148-6449-6E6F-744E-656564454649'
const size = 'size=400MiB'
const alone = `label: gpt\n${size}, type=L, name=root\n`
const second = `label: gpt\n${bios}\n${size}, type=L, name=root\n`

export const machineDisks = {
  plain: second,
  fifteenth: `label: gpt\n14: ${bios}\n15: ${size}, type=L, name=root\n`,
  repart: second,
  logical: `label: dos\ntype=5\n${size}\n`,
  roomy: alone,
  sealed: alone,
  old: alone,
  inner: alone,
  scripted: alone,
  whole: undefined,
} as const

export type DiskName = keyof typeof machineDisks

export const diskNames = Object.keys(machineDisks) as DiskName[]

/** How the machine calls them, in the same order. */
export const devicesOf = {
  usermode: diskNames.map((_, index) => `/dev/ubd${'abcdefghij'[index]}`),
  qemu: [
    ...['/dev/vda', '/dev/nvme0n1', '/dev/nvme1n1'],
    ...['/dev/vdb', '/dev/vdc', '/dev/vdd', '/dev/vde', '/dev/vdf', '/dev/vdg', '/dev/vdh'],
  ],
} as const

export type MachineName = keyof typeof devicesOf
