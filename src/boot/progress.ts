/** What a boot tells while it runs: for `boot`'s and `try`'s live lines, and for the trace. */
export interface ProgressEvent {
  readonly type: 'stage' | 'module'
  readonly stage: string
  readonly module?: string
  readonly state: 'start' | 'done' | 'skipped' | 'failed'
  /** How long it took, when it has ended. */
  readonly seconds?: number
  /** Why it was skipped, or what failed. */
  readonly message?: string
}

export type Progress = (event: ProgressEvent) => void
