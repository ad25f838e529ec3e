import { ItemsFailed, messageOf } from '../machine/errors.ts'
import type { Log } from '../machine/log.ts'

/** The items of a module's work, each on its own: what fails is told at once and does not stop the others. */
export interface Attempts {
  /**
   * Does one item. A failure is logged as `what: why` (without `what`, where the error says it already).
   * @returns undefined also when it failed
   */
  attempt<T>(what: string, work: () => Promise<T> | T): Promise<T | undefined>
  /** Reports an item that can't even be tried; the line names it. */
  fail(problem: string): void
  /** To be called last. @throws ItemsFailed when an item failed */
  finish(): void
}

export const attempts = (log: Log): Attempts => {
  const failures: string[] = []
  const fail = (problem: string): void => {
    failures.push(problem)
    log.error(problem)
  }
  return {
    attempt: async (what, work) => {
      try {
        return await work()
      } catch (error) {
        const why = messageOf(error)
        fail(why.startsWith(what) ? why : `${what}: ${why}`)
        return undefined
      }
    },
    fail,
    finish: () => {
      if (failures.length > 0) throw new ItemsFailed(failures)
    },
  }
}
