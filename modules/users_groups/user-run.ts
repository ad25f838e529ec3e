import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import type { Unfinished } from './unfinished.ts'

/** What the making of all users shares. */
export interface UserRun {
  readonly context: ModuleContext
  readonly unfinished: Unfinished
  /** Name of the default user, when the configuration asks for one. */
  readonly defaultUser: string | undefined
  /** Takes a line about something that failed; the rest goes on. */
  report(problem: string): void
}
