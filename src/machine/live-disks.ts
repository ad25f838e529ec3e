import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { listBlockDevices } from './blkid.ts'
import { flushDevice, readDevice } from './device-bytes.ts'
import type { Disks } from './disks.ts'
import { CommandError, MountError, messageOf } from './errors.ts'
import type { Machine } from './machine.ts'
import { mountedFolder } from './mounts.ts'

/** A private folder: below /run, which is writable early in a boot and gone after it. */
const privateFolder = (): string => {
  try {
    return mkdtempSync('/run/firstlight-mount-')
  } catch {
    return mkdtempSync(`${tmpdir()}/firstlight-mount-`)
  }
}

/** A damaged disk may keep the kernel busy, but not a boot. */
const timeoutSeconds = 60

/** Sets nothing free that the disk could bring along: no programs, no devices, no set-user-id. */
const safeOptions = 'ro,nosuid,nodev,noexec'

/** What mount(8) complains about, without its own name and the folder's. */
const complaint = (error: unknown): string => {
  const said = error instanceof CommandError ? error.stderr.trim().split('\n', 1)[0] : undefined
  return said ? said.replace(/^mount: (\/\S+: )?/, '') : messageOf(error)
}

const mount = async (machine: Machine, device: string, folder: string, types: readonly string[]): Promise<void> => {
  const failures: string[] = []
  for (const type of types.length > 0 ? types : ['auto']) {
    try {
      const words = ['mount', '-o', safeOptions, '-t', type, '--', device, folder]
      await machine.ask(words, { timeoutSeconds })
      return
    } catch (error) {
      failures.push(`${type}: ${complaint(error)}`)
    }
  }
  throw new MountError(device, failures.join('; '))
}

const unmount = async (machine: Machine, folder: string): Promise<void> => {
  try {
    await machine.ask(['umount', folder], { timeoutSeconds })
  } catch (error) {
    machine.log.warning(`${folder} is still in use and is unmounted when it no longer is: ${messageOf(error)}`)
    await machine.ask(['umount', '-l', folder], { timeoutSeconds, allowedExitCodes: 'any' })
  }
}

/** The block devices of this machine. */
export const liveDisks = (machine: Machine): Disks => ({
  list: () => listBlockDevices(machine),
  withMounted: async (device, use, { types = [] } = {}) => {
    const already = mountedFolder(machine.files, device)
    if (already !== undefined) return use(already)
    let folder: string
    try {
      folder = privateFolder()
    } catch (error) {
      throw new MountError(device, `no folder to mount it on: ${messageOf(error)}`)
    }
    try {
      await mount(machine, device, folder, types)
      try {
        return await use(folder)
      } finally {
        await unmount(machine, folder)
      }
    } finally {
      try {
        rmdirSync(folder)
      } catch (error) {
        machine.log.debug(`${folder} is left behind: ${messageOf(error)}`)
      }
    }
  },
  readBytes: async (device, offset, length) => {
    try {
      return readDevice(device, offset, length)
    } catch (error) {
      machine.log.debug(messageOf(error))
      return undefined
    }
  },
  flush: async (device) => flushDevice(device),
})

/** An image has no disks: what is plugged into the host is not its own. */
export const noDisks: Disks = {
  list: async () => [],
  withMounted: async (device) => {
    throw new MountError(device, 'an image in a folder has no disks')
  },
  readBytes: async () => undefined,
  flush: async () => undefined,
}
