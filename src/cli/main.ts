/**
 * The program. `firstlight` and `cloud-init` are the same; as `cloud-id` it is that one command.
 *
 * What the init system calls at every boot is matched as it stands, without loading a parser: a boot should not pay for
 * help texts.
 */
import { basename } from 'node:path'
import { isDebug, reportCrash } from './crash.ts'

/** The command lines of the boot units, and the command each stands for. */
const bootCommandLines: Readonly<Record<string, () => Promise<number>>> = {
  boot: async () => (await import('./boot-units.ts')).boot(),
  'boot --units': async () => (await import('./boot-by-units.ts')).bootByUnits(),
  'init --local': async () => (await import('./boot-units.ts')).stage('init-local'),
  init: async () => (await import('./boot-units.ts')).stage('init'),
  'modules --mode=config': async () => (await import('./boot-units.ts')).stage('modules-config'),
  // The process that `try` starts in its sandbox.
  'sandbox-inside': async () => (await import('../simulator/inside.ts')).runInside(),
  'modules --mode=final': async () => (await import('./boot-units.ts')).stage('modules-final'),
}

const main = async (program: string, words: readonly string[]): Promise<number> => {
  const known = program === 'cloud-id' ? undefined : bootCommandLines[words.join(' ')]
  if (known) return known()
  const { runCommandLine } = await import('./command-line.ts')
  return runCommandLine(program, words)
}

const program = basename(process.argv[1] ?? 'firstlight').replace(/\.(cjs|ts)$/, '')
main(program === 'main' ? 'firstlight' : program, process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error: unknown) => {
    reportCrash(error, isDebug(process.argv))
    process.exitCode = 1
  },
)
