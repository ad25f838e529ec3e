import { spawn, spawnSync } from 'node:child_process'

/**
 * Runs this program again, as another step, in mount (and network) namespaces of its own: nothing of it is seen outside,
 * and it is gone with the last process in it. Returns the exit code.
 */
export const runStep = (step: string, kinds: readonly Kind[]): number =>
  spawnSync('unshare', unshareWords(kinds), { stdio: 'inherit', env: { ...process.env, VM_STEP: step } }).status ?? 1

/** The same beside others of its kind; `facts` are for its environment. */
export const startStep = (
  step: string,
  kinds: readonly Kind[],
  facts: Readonly<Record<string, string>>,
): Promise<number> =>
  new Promise((resolve) => {
    const env = { ...process.env, ...facts, VM_STEP: step }
    const child = spawn('unshare', unshareWords(kinds), { stdio: 'inherit', env })
    child.on('close', (code) => resolve(code ?? 1))
    child.on('error', () => resolve(1))
  })

type Kind = 'net' | 'mount'

const unshareWords = (kinds: readonly Kind[]): string[] => [
  ...kinds.map((kind) => `--${kind}`),
  ...(kinds.includes('mount') ? ['--propagation', 'private'] : []),
  ...[process.execPath, ...process.execArgv, ...process.argv.slice(1)],
]

/** The step that this process is to do; undefined: it was started by a person. */
export const currentStep = (): string | undefined => process.env['VM_STEP']
