/** Signals that end firstlight, and then should end what it has started: commands have process groups of their own. */
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const groups = new Set<number>()
let running = 0

const passOn = (signal: NodeJS.Signals): void => {
  for (const group of groups) signalGroup(group, signal)
  stopListening()
  // Without a listener the signal has its usual effect; others that listen for it decide themselves.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
}

const startListening = (): void => {
  for (const signal of endingSignals) process.on(signal, passOn)
}
const stopListening = (): void => {
  for (const signal of endingSignals) process.off(signal, passOn)
}

/** Sends a signal to all processes of a group; one that has ended is no trouble. */
export const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal)
  } catch {
    // ESRCH: it has ended. EPERM: what is left of it belongs to another user now, and is not ours to end.
  }
}

/**
 * Starts a process; while it runs, a signal that ends firstlight ends its group, too. Signals are listened for before
 * the start, since the process may be at work before the call that starts it returns.
 */
export const whileRunning = async <T>(
  start: () => { readonly group: number | undefined; readonly work: Promise<T> },
): Promise<T> => {
  if (running === 0) startListening()
  running += 1
  let group: number | undefined
  try {
    const started = start()
    group = started.group
    if (group !== undefined) groups.add(group)
    return await started.work
  } finally {
    if (group !== undefined) groups.delete(group)
    running -= 1
    if (running === 0) stopListening()
  }
}
