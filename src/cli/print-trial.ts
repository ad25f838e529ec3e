import { readChanges } from '../machine/journal-lines.ts'
import type { SandboxResult } from '../simulator/sandbox.ts'
import type { SandboxChange } from '../simulator/sandbox-changes.ts'
import type { Console } from './console.ts'
import { textDiff } from './file-diff.ts'

export interface TrialPrint {
  readonly diff: boolean
  readonly showSecrets: boolean
}

const ownState = /^\/(var\/lib\/cloud|run\/cloud-init|var\/log\/cloud-init)/

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** What a trial came to: stages, users, files, commands that the sandbox stood in for, requests; the diff on request. */
export const printTrial = async (console: Console, result: SandboxResult, options: TrialPrint): Promise<void> => {
  const { default: Table } = await import('cli-table3')
  const style = { head: [], border: [], compact: true }
  const stages = new Table({ head: ['stage', 'seconds', 'modules run', 'skipped', 'failed'], style })
  for (const { stage, seconds } of result.events.filter(({ type, state }) => type === 'stage' && state !== 'start')) {
    const count = (state: string): number =>
      result.events.filter((event) => event.type === 'module' && event.stage === stage && event.state === state).length
    stages.push([stage, (seconds ?? 0).toFixed(3), count('done'), count('skipped'), count('failed')])
  }
  console.print(stages.toString())

  const files = result.changes.filter(({ path }) => !ownState.test(path))
  const outcome = new Table({ head: ['what', 'outcome'], style })
  outcome.push(['users', result.users.map(({ name }) => name).join(', ') || 'none added'])
  outcome.push(['files', countChanges(files)])
  outcome.push(['commands run', commandsRun(result).join('\n') || 'none'])
  outcome.push(['commands withheld', result.withheldCommands.map((argv) => argv.join(' ')).join('\n') || 'none'])
  outcome.push(['metadata requests', String(result.requests.length)])
  outcome.push(['result', describeResult(result)])
  console.print(outcome.toString())
  for (const note of result.notes) console.print(`note: ${note}`, 'yellow')
  for (const line of recoverable(result)) console.print(line, 'yellow')
  if (result.keptIn !== undefined) console.print(`The changed files are in ${result.keptIn}.`)
  if (options.diff) for (const change of files) await printChange(console, change, options.showSecrets)
}

/** Each command once, by its name and how often it ran. */
const commandsRun = ({ journal }: SandboxResult): string[] => {
  const counts = new Map<string, number>()
  for (const change of journal === undefined ? [] : readChanges(journal)) {
    if (change.kind !== 'command') continue
    const name = change.argv[0] ?? ''
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} (${count} times)`))
}

const countChanges = (files: readonly SandboxChange[]): string => {
  const count = (kind: SandboxChange['change']): number => files.filter(({ change }) => change === kind).length
  return `${count('created')} created, ${count('changed')} changed, ${count('removed')} removed`
}

const describeResult = ({ isTimedOut, exitCode, seconds }: SandboxResult): string => {
  if (isTimedOut) return `ended at its time limit after ${seconds.toFixed(0)} s`
  const took = `in ${seconds.toFixed(1)} s`
  return exitCode === 0 ? `provisioned ${took}` : `${exitCode} failed ${took}`
}

/** What the boot's status says beside its outcome. */
const recoverable = ({ status }: SandboxResult): string[] => {
  const lines = new Set<string>()
  const visit = (value: unknown, key: string): void => {
    if (Array.isArray(value))
      for (const item of value) if (typeof item === 'string' && key !== '') lines.add(`${key}: ${item}`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    for (const [name, inner] of Object.entries(value))
      visit(inner, ['WARNING', 'ERROR', 'DEPRECATED'].includes(name) ? name : '')
  }
  visit(status, '')
  return [...lines]
}

const printChange = async (console: Console, change: SandboxChange, showSecrets: boolean): Promise<void> => {
  const target = change.target === undefined ? '' : ` -> ${change.target}`
  console.print(`${change.change} ${change.path}${target} (${octal(change.mode)})`, 'cyan')
  if (change.type !== 'file') return
  if (change.isSecret && !showSecrets)
    return console.print('    content not shown: not everybody may read this file', 'dim')
  for (const line of await textDiff(change.before ?? '', change.after ?? ''))
    console.print(`    ${line.text}`, line.colour)
}
