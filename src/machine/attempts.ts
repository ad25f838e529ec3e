import { ItemsFailed, messageOf } from './errors.ts'
import type { Log } from './log.ts'

/** Steps that do not stop each other: what fails is said at once, and counts at the end. */
export interface Attempts {
  /**
   * Takes a step; what it throws is logged as `what: reason`.
   * @returns whether it succeeded
   */
  attempt(what: string, step: () => Promise<unknown> | unknown): Promise<boolean>
  /** Reports something that can't even be tried. */
  fail(problem: string): void
  /** @throws ItemsFailed when anything failed */
  finish(): void
}

/** For a module that has several items or steps: each has its turn, whatever became of the others. */
export const attempts = (log: Log): Attempts => {
  const failures: string[] = []
  const fail = (problem: string): void => {
    log.error(problem)
    failures.push(problem)
  }
  return {
    attempt: async (what, step) => {
      try {
        await step()
        return true
      } catch (error) {
        const reason = messageOf(error)
        fail(reason.startsWith(`${what}:`) ? reason : `${what}: ${reason}`)
        return false
      }
    },
    fail,
    finish: () => {
      if (failures.length > 0) throw new ItemsFailed(failures)
    },
  }
}
