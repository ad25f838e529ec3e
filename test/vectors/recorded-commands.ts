import type { MemoryCommandHandler } from '../../src/machine/memory.ts'

/** What part handlers printed since it was last emptied. */
export const printed: string[] = []

/** Boothooks are not really run, as in the records. */
export const runPartHandlerCommand: MemoryCommandHandler = (argv) =>
  argv[0]?.includes('/boothooks/') ? { exitCode: 0 } : undefined
