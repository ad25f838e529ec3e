import { execFile } from 'node:child_process'

export interface Outcome {
  /** -1: ended by its limit, or not there at all. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command, whatever comes of it. */
export const attempt = (argv: readonly string[], limitSeconds = 20): Promise<Outcome> =>
  new Promise((resolve) => {
    const [command = '', ...words] = argv
    const options = { timeout: limitSeconds * 1000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const
    execFile(command, words, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode: code, stdout, stderr: error === null || stderr !== '' ? stderr : error.message })
    })
  })

/** Runs a command that must succeed; returns what it prints. */
export const run = async (...argv: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await attempt(argv)
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr.trim() || `exit code ${exitCode}`}`)
  return stdout
}

const pauseMilliseconds = 100

/** Asks again until `ask` no longer throws, for so many seconds; then its last error is thrown. */
export const eventually = async <T>(ask: () => T | Promise<T>, limitSeconds = 15): Promise<T> => {
  const limit = performance.now() + limitSeconds * 1000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > limit) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
  }
}
