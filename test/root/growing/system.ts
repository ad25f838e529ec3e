import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What the suites about growing do with the machine they run on. */

export const mebibyte = 1024 * 1024

/** Runs a command of the host; its output, trimmed. Every wait has a limit. */
export const run = (command: string, ...words: string[]): string => runWith('', command, ...words)

export const runWith = (input: string, command: string, ...words: string[]): string =>
  execFileSync(command, words, { encoding: 'utf8', timeout: 60_000, input, stdio: ['pipe', 'pipe', 'pipe'] }).trim()

/** Where a command is; undefined: not installed. Looked for here, as a shell for each takes long on a slow kernel. */
export const pathOf = (command: string): string | undefined =>
  (process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin')
    .split(':')
    .map((folder) => join(folder, command))
    .find((path) => existsSync(path))

export const isInstalled = (command: string): boolean => pathOf(command) !== undefined

/** Steps that undo what was done, last first; a step that fails does not keep the others from being done. */
export const undoing = <T>(use: (later: (step: () => void) => void) => T): T => {
  const steps: (() => void)[] = []
  try {
    return use((step) => void steps.unshift(step))
  } finally {
    for (const step of steps) {
      try {
        step()
      } catch (error) {
        console.log(`not undone: ${error instanceof Error ? error.message : error}`)
      }
    }
  }
}

/** Why nothing can be tried here. */
export const reasonToSkip = (commands: readonly string[]): string | false => {
  if (process.getuid?.() !== 0) return 'it needs root'
  const missing = commands.filter((command) => !isInstalled(command))
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`
  return spawnSync('losetup', ['--find']).status === 0 ? false : 'there are no loop devices'
}

const inside = 'FIRSTLIGHT_OWN_MOUNTS'

/** True in the process that ownMounts has started. */
export const hasOwnMounts = process.env[inside] !== undefined

/** Runs a test file again in a mount namespace of its own, so that no mount outlives it. */
export const ownMounts = (file: string): { readonly status: number | null; readonly output: string } => {
  const node = [process.execPath, ...process.execArgv, '--import', 'tsx', file]
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--propagation', 'private', ...node], {
    env: { ...environment, [inside]: '1' },
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 64 * mebibyte,
  })
  return { status, output: stdout + stderr }
}
