import type { Change, Journal } from './journal.ts'

/** Called with each change as it happens, so that it can be kept on disk (src/machine/journal-lines.ts). */
export type ChangeListener = (change: Change) => void

export const createJournal = (listener?: ChangeListener): Journal => {
  const entries: Change[] = []
  return {
    entries,
    record: (change) => {
      entries.push(change)
      listener?.(change)
    },
  }
}
