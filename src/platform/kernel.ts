import type { Machine } from '../machine/machine.ts'
import { answerOf, firstLineOf } from './asking.ts'

/** What `uname -s`, `-v` and `-m` say. Empty texts when the machine can't tell. */
export interface Kernel {
  /** `Linux`, `FreeBSD`, `OpenBSD` ... */
  readonly name: string
  /** `#83-Ubuntu SMP Wed Jan 18 14:10:15 UTC 2017` */
  readonly version: string
  /** `x86_64`, `aarch64` ... */
  readonly machine: string
}

/** Reads /proc/sys/kernel where it has all three (Linux 6.1 and later), otherwise asks uname. */
export const readKernel = async (machine: Machine): Promise<Kernel> => {
  const name = firstLineOf(machine, '/proc/sys/kernel/ostype')
  const version = firstLineOf(machine, '/proc/sys/kernel/version')
  const architecture = firstLineOf(machine, '/proc/sys/kernel/arch')
  if (name && version && architecture) return { name, version, machine: architecture }

  const words = ((await answerOf(machine, ['uname', '-svm']))?.stdout ?? '').trim().split(/\s+/)
  return { name: words[0] ?? '', version: words.slice(1, -1).join(' '), machine: words.at(-1) ?? '' }
}

/** True where state for this boot lives in /var/run and DMI is not in sysfs. */
export const isBsd = (kernel: Kernel): boolean => /^(free|open|net|dragonfly)/i.test(kernel.name)
