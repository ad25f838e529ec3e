import { defineModule } from '../../src/cloudconfig/module.ts'
import { isContainer } from '../../src/machine/container.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type Mount, mountOf } from '../../src/machine/mount-table.ts'
import { deviceOfMount } from '../../src/machine/root-device.ts'
import { compareWithDevice } from './file-system-size.ts'

const schema = {
  type: 'object',
  properties: {
    resize_rootfs: {
      enum: [true, false, 'noblock'],
      description:
        'True: the root file system fills its partition. `noblock`: the same, while the boot goes on. False: it stays. ' +
        'Default: true.',
    },
  },
} as const

const timeoutSeconds = 60 * 60

/** btrfs can queue the request behind a running balance since 5.10. A root that is read-only grows by way of snapper's folder. */
const btrfsCommand = async (machine: Machine, mount: Mount): Promise<string[]> => {
  const { stdout } = await machine.ask(['btrfs', '--version'])
  const [, major = '0', minor = '0'] = /v(\d+)\.(\d+)/.exec(stdout) ?? []
  const canQueue = Number(major) > 5 || (Number(major) === 5 && Number(minor) >= 10)
  const snapshots = `${mount.folder.replace(/\/$/, '')}/.snapshots`
  const folder = mount.isReadOnly && machine.files.exists(snapshots) ? snapshots : mount.folder
  return ['btrfs', 'filesystem', 'resize', ...(canQueue ? ['--enqueue'] : []), 'max', folder]
}

/** The device in a pool, by what `zpool status` prints. */
const zpoolCommand = async (machine: Machine, mount: Mount): Promise<string[] | undefined> => {
  const pool = mount.source.split('/', 1)[0] ?? ''
  if (!machine.files.exists('/dev/zfs')) return undefined
  const { stdout } = await machine.ask(['zpool', 'status', pool], { timeoutSeconds: 60 })
  const line = stdout
    .split('\n')
    .find((text) => / ONLINE /.test(text) && !text.includes(pool) && !text.includes('state'))
  const device = line?.trim().split(/\s+/, 1)[0]
  return device ? ['zpool', 'online', '-e', pool, device] : undefined
}

/** How a mounted file system grows; undefined: not while it is mounted, or not at all. */
const growCommand = async (machine: Machine, mount: Mount, device: string): Promise<string[] | undefined> => {
  if (/^ext[234]$/.test(mount.type)) return ['resize2fs', device]
  if (mount.type === 'xfs') return ['xfs_growfs', mount.folder]
  if (mount.type === 'btrfs') return btrfsCommand(machine, mount)
  return mount.type === 'bcachefs' ? ['bcachefs', 'device', 'resize', device] : undefined
}

/** The command for the root file system; undefined, with the reason logged, when nothing is to be done. */
const commandFor = async (machine: Machine, mount: Mount): Promise<string[] | undefined> => {
  if (mount.type === 'zfs') return zpoolCommand(machine, mount)
  const device = deviceOfMount(machine, mount)
  if (device === undefined) {
    const message = `resize_rootfs: / is on ${mount.source} (${mount.type}), which is no block device; it stays as it is`
    if (isContainer(machine) || !mount.source.startsWith('/dev/')) machine.log.debug(message)
    else machine.log.warning(message)
    return undefined
  }
  const compared = await compareWithDevice(machine, mount.type, device)
  if (compared === 'fills') {
    machine.log.debug(`resize_rootfs: / fills ${device}`)
    return undefined
  }
  if (compared === 'larger') {
    machine.log.warning(
      `resize_rootfs: / is larger than ${device} is now; it stays as it is. Has the disk lost its end?`,
    )
    return undefined
  }
  const command = await growCommand(machine, mount, device)
  if (!command) machine.log.warning(`resize_rootfs: a mounted ${mount.type} can't be grown; set resize_rootfs to false`)
  return command
}

export default defineModule({
  id: 'resizefs',
  frequency: 'always',
  distros: 'all',
  title: 'Grow the root file system',
  description:
    'At every boot, after growpart: ext2 to ext4, xfs, btrfs, bcachefs and ZFS. Never inside a container. A file system that ' +
    'fills its device costs no process.',
  examples: ['#cloud-config\nresize_rootfs: noblock\n'],
  schema,
  run: async ({ resize_rootfs: configured }, { machine, arguments: [argument] }) => {
    const wanted = argument === undefined ? (configured ?? true) : argument.toLowerCase()
    if (wanted === false || wanted === 'false' || wanted === 'off' || wanted === 'no') return
    const mount = mountOf(machine, '/')
    if (!mount) {
      machine.log.warning('resize_rootfs: /proc/self/mountinfo does not say what / is; it stays as it is')
      return
    }
    const command = await commandFor(machine, mount)
    if (!command) return
    if (wanted === 'noblock') {
      await machine.run(command, { detached: true })
      return
    }
    await machine.run(command, { timeoutSeconds })
  },
})
