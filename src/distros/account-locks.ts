import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

const names = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid']

/** The tools that take these locks; each writes its process id into the file. */
const holders = /^(user|group)(add|del|mod)$|^(passwd|chpasswd|chage|chsh|chfn|gpasswd|vipw|newusers|chgpasswd)$/

/**
 * Removes lock files of account tools that were cut off with the whole machine. After the boot their process id may
 * belong to somebody else who lives long, and then no account could be changed any more.
 */
export const removeStaleLocks = (machine: Machine): void => {
  for (const name of names) {
    const lock = `/etc/${name}.lock`
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
