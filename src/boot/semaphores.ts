import type { Frequency } from '../cloudconfig/module.ts'
import { instanceLink, type Paths } from '../instance/paths.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

/**
 * Run-once marks, with cloud-init's places and names: `<instance>/sem/config_<module>` once per instance,
 * `<cloud>/sem/config_<module>.once` once in the life of the image.
 *
 * A mark is set when the work has been done, not before: a boot that is cut off in the middle does that work again.
 */
export const semaphorePath = (paths: Paths, name: string, frequency: Frequency): string | undefined => {
  if (frequency === 'always') return undefined
  return frequency === 'once' ? `${paths.cloud}/sem/${name}.once` : `${instanceLink(paths)}/sem/${name}`
}

/** The name of a module's mark. */
export const moduleMark = (moduleId: string): string => `config_${moduleId}`

/** True when `name` has run as often as its frequency allows. */
export const hasRun = (machine: Machine, paths: Paths, name: string, frequency: Frequency): boolean => {
  const path = semaphorePath(paths, name, frequency)
  return path !== undefined && machine.files.exists(path)
}

/** Run-once marks of work that is done but perhaps not on the disk. */
export interface PendingMarks {
  /** Sets the mark of `name` once its work is on the disk, then does `after`. */
  add(name: string, frequency: Frequency, after?: () => void): void
  /** Does `step` once all that was done so far is on the disk. */
  addStep(name: string, step: () => void): void
  /** True when that mark is to be set. */
  has(name: string, frequency: Frequency): boolean
  /** Sets all of them. What can't be set (a full disk) costs a second run at the next boot, nothing now: it is logged. */
  set(): Promise<void>
}

interface Pending {
  readonly name: string
  /** Waits for the disk. */
  readonly step?: () => void
  readonly path?: string
  readonly after?: () => void
}

/**
 * Gathers marks, so that the disk is waited for once. Whatever is cut off before its mark is set is done again at the
 * next boot; the mark is never there without the work.
 */
export const pendingMarks = (machine: Machine, paths: Paths): PendingMarks => {
  const pending: Pending[] = []
  const tolerate = (name: string, problem: string, attempt: () => void): void => {
    try {
      attempt()
    } catch (error) {
      machine.log.warning(`${name} ${problem}: ${messageOf(error)}`)
    }
  }
  const set = async (): Promise<void> => {
    const all = pending.splice(0)
    const failure = all.some(({ step }) => step) ? await problemOfFlushing(machine) : undefined
    for (const { name, step, after } of all) {
      tolerate(name, 'will run again at the next boot', () => {
        if (step && failure !== undefined) throw new Error(failure)
        step?.()
      })
      tolerate(name, 'leaves something behind', () => after?.())
    }
  }
  return {
    add: (name, frequency, after = () => undefined) => {
      const path = semaphorePath(paths, name, frequency)
      const mark = (to: string) => () => machine.files.write(to, `${machine.clock.now() / 1000}\n`)
      pending.push({
        name: name.replace(/^config_/, ''),
        after,
        ...(path !== undefined && { path, step: mark(path) }),
      })
    },
    addStep: (name, step) => void pending.push({ name, step }),
    has: (name, frequency) => {
      const wanted = semaphorePath(paths, name, frequency)
      return wanted !== undefined && pending.some(({ path }) => path === wanted)
    },
    set,
  }
}

const problemOfFlushing = async (machine: Machine): Promise<string | undefined> => {
  try {
    await machine.files.flush()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
