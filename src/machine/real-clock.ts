import { uptime } from 'node:os'
import type { Clock } from './machine.ts'

/** Node's timers can't wait longer in one go (24.8 days). */
const longestTimer = 2 ** 31 - 1

export const realClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => uptime(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve()
        return
      }
      const finish = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const timer = setTimeout(finish, Math.min(Math.max(milliseconds, 0), longestTimer))
      signal?.addEventListener('abort', finish, { once: true })
    }),
})
