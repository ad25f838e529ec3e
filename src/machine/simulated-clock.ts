import type { Clock } from './machine.ts'

/** A clock on which sleeping takes no time: when everybody sleeps, it jumps to the first who wants to wake. */
export interface SimulatedClock extends Clock {
  /** Milliseconds of every sleep that came to its end, in order. */
  readonly slept: readonly number[]
  /** Moves the time forward at once; sleepers whose time has come wake. */
  advance(milliseconds: number): void
  /** As sleep, but not listed in `slept`: the time that something made up takes. */
  pass(milliseconds: number, signal?: AbortSignal): Promise<void>
}

interface Sleeper {
  readonly due: number
  readonly order: number
  wake(): void
}

/**
 * A simulated clock that starts at `startTime` (milliseconds since 1970) with the kernel up for `uptimeSeconds`.
 * Waiting is ordered as on a real clock, so parallel requests with different delays end in the right order. Time moves
 * only when all other pending work of the event loop's turn is done.
 */
export const simulatedClock = (startTime: number, uptimeSeconds: number): SimulatedClock => {
  let elapsed = 0
  let order = 0
  let scheduled = false
  const slept: number[] = []
  let sleepers: Sleeper[] = []

  const schedule = (): void => {
    if (scheduled || sleepers.length === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      wakeFirst()
      schedule()
    })
  }
  const wakeFirst = (): void => {
    let first: Sleeper | undefined
    for (const sleeper of sleepers) {
      if (!first || sleeper.due < first.due || (sleeper.due === first.due && sleeper.order < first.order)) {
        first = sleeper
      }
    }
    if (!first) return
    const woken = first
    sleepers = sleepers.filter((sleeper) => sleeper !== woken)
    elapsed = Math.max(elapsed, woken.due)
    woken.wake()
  }
  const pass = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve()
        return
      }
      order += 1
      const stop = (): void => {
        sleepers = sleepers.filter((other) => other !== sleeper)
        resolve()
      }
      const sleeper: Sleeper = {
        due: elapsed + Math.max(0, milliseconds),
        order,
        wake: () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        },
      }
      signal?.addEventListener('abort', stop, { once: true })
      sleepers.push(sleeper)
      schedule()
    })

  return {
    slept,
    now: () => startTime + elapsed,
    monotonic: () => elapsed,
    uptime: () => uptimeSeconds + elapsed / 1000,
    pass,
    sleep: async (milliseconds, signal) => {
      await pass(milliseconds, signal)
      if (!signal?.aborted) slept.push(milliseconds)
    },
    advance: (milliseconds) => {
      elapsed += milliseconds
    },
  }
}
