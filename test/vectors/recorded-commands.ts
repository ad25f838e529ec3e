import { spawnSync } from 'node:child_process'
import type { MemoryCommandHandler } from '../../src/machine/memory.ts'

/** What part handlers printed since it was last emptied. */
export const printed: string[] = []

/** Boothooks are not really run, as in the records; part handlers are, by the machine's own interpreter. */
export const runPartHandlerCommand: MemoryCommandHandler = (argv, { input, output }) => {
  const [command = '', ...rest] = argv
  if (command.includes('/boothooks/')) return { exitCode: 0 }
  if (command !== 'python3') return undefined
  const { stdout, stderr, status } = spawnSync(command, rest, { input: String(input ?? ''), encoding: 'utf8' })
  if (output === 'pass') printed.push(stdout)
  return { stdout, stderr, exitCode: status ?? 1 }
}
