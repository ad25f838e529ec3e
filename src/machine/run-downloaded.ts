import { requestWithRetries } from './http-retry.ts'
import type { Machine } from './machine.ts'
import { scriptTimeoutSeconds } from './run-parts.ts'

/** A script that is fetched, run and removed again. */
export interface DownloadedScript {
  readonly url: string
  /** n more tries after the first. */
  readonly retries: number
  /** Where it is kept while it runs; in a folder that only root writes to and that may hold executables. */
  readonly file: string
  readonly arguments: readonly string[]
}

/**
 * Fetches an installation script and runs it; what it prints goes to firstlight's own output.
 * @throws HttpFailure, HttpStatusError, CommandError
 */
export const runDownloaded = async (machine: Machine, script: DownloadedScript): Promise<void> => {
  const { body } = await requestWithRetries(machine, { url: script.url }, { retries: script.retries })
  machine.files.write(script.file, body, { mode: 0o700 })
  try {
    await machine.run([script.file, ...script.arguments], { output: 'pass', timeoutSeconds: scriptTimeoutSeconds })
  } finally {
    machine.files.remove(script.file)
  }
}
