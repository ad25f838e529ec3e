import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

/** A lock, or what a tool makes it of: a file named by the tool's process id, which is linked to the lock's name. */
const lockName = /^(passwd|shadow|group|gshadow|subuid|subgid)\.(lock|\d+)$/

/** The tools that take these locks; each writes its process id into the file. */
const holders = /^(user|group)(add|del|mod)$|^(passwd|chpasswd|chage|chsh|chfn|gpasswd|vipw|newusers|chgpasswd)$/

/**
 * Removes lock files of account tools that were cut off with the whole machine. After the boot their process id may
 * belong to somebody else who lives long, and then no account could be changed any more.
 */
export const removeStaleLocks = (machine: Machine): void => {
  for (const name of machine.files.list('/etc').filter((file) => lockName.test(file))) {
    const lock = `/etc/${name}`
    try {
      const processId = /^\d+/.exec(machine.files.readTextIfExists(lock, 64) ?? '')?.[0]
      if (processId === undefined) continue
      const holder = machine.files.readTextIfExists(`/proc/${processId}/comm`)?.trim() ?? ''
      if (holders.test(holder)) continue
      machine.log.info(`${lock} was left behind by a tool that was cut off; it is removed`)
      machine.files.remove(lock)
    } catch (error) {
      machine.log.debug(`${lock} stays: ${messageOf(error)}`)
    }
  }
}
