import { spawnSync } from 'node:child_process'

/**
 * Runs this program again, as another step, in mount (and network) namespaces of its own: nothing of it is seen outside,
 * and it is gone with the last process in it. Returns the exit code.
 */
export const runStep = (step: string, kinds: readonly ('net' | 'mount')[]): number => {
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const words = [...kinds.map((kind) => `--${kind}`), '--propagation', 'private', ...program]
  return spawnSync('unshare', words, { stdio: 'inherit', env: { ...process.env, VM_STEP: step } }).status ?? 1
}

/** The step that this process is to do; undefined: it was started by a person. */
export const currentStep = (): string | undefined => process.env['VM_STEP']
