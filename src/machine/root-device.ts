import type { Machine } from './machine.ts'
import { type Mount, mountOf } from './mount-table.ts'

/** The device that `root=` on the kernel command line names, as a path in /dev; undefined when it says nothing usable. */
const rootByCommandLine = (machine: Machine): string | undefined => {
  const words = (machine.files.readTextIfExists('/proc/cmdline') ?? '').trim().split(/\s+/)
  const value = words.find((word) => word.startsWith('root='))?.slice('root='.length)
  if (!value) return undefined
  if (value.startsWith('/dev/')) return value
  const [, kind = '', name = ''] = /^(LABEL|UUID|PARTUUID|PARTLABEL)=(.+)$/.exec(value) ?? []
  if (name === '' || name.includes('/')) return undefined
  const path = `/dev/disk/by-${kind.toLowerCase()}/${kind.endsWith('UUID') ? name.toLowerCase() : name}`
  return machine.files.exists(path) ? path : undefined
}

/** The block device that a mount comes from; undefined when there is none (overlay, network, a container's root). */
export const deviceOfMount = (machine: Machine, mount: Mount): string | undefined => {
  const named = mount.source === '/dev/root' && !machine.files.exists('/dev/root')
  const path = named ? rootByCommandLine(machine) : mount.source
  if (path === undefined || !path.startsWith('/dev/')) return undefined
  return machine.files.stat(path)?.type === 'device' ? path : undefined
}

/** A path's mount and block device. */
export const deviceOfPath = (machine: Machine, path: string): { mount: Mount; device: string } | undefined => {
  const mount = mountOf(machine, path)
  const device = mount && deviceOfMount(machine, mount)
  return mount && device !== undefined ? { mount, device } : undefined
}
