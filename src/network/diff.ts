import { FileError } from '../machine/errors.ts'
import type { Change } from '../machine/journal.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { planMachine } from '../machine/plan.ts'
import { applyNetwork } from './apply.ts'

/** What configuring the network would change. */
export interface NetworkDifference {
  /** In the order in which they would be written. */
  readonly files: readonly FileDifference[]
  readonly renames: readonly Rename[]
}

export interface FileDifference {
  readonly path: string
  /** `mode`: the content stays, who may read it changes. */
  readonly change: 'new' | 'changed' | 'removed' | 'mode'
  /** Of the file to be: `0600`. */
  readonly mode?: string
  readonly before?: string
  readonly after?: string
}

export interface Rename {
  readonly from: string
  readonly to: string
}

/**
 * Configures the network on a plan of the machine, and looks at what was done: nothing is touched.
 * @throws ConfigError naming the key that can't be used; FileError for a file that this user may not read
 */
export const networkDifference = async (
  machine: Machine,
  config: JsonObject,
  { renderer, distro }: { readonly renderer: string; readonly distro: string },
): Promise<NetworkDifference> => {
  const plan = planMachine(machine)
  await applyNetwork(plan, config, { renderer, distro, bringsUp: false })
  const changes = plan.journal.entries
  return { files: changes.flatMap((change) => fileOf(machine, change)), renames: renamesOf(changes) }
}

const fileOf = (machine: Machine, change: Change): FileDifference[] => {
  if (change.kind === 'remove') return [{ path: change.path, change: 'removed', ...beforeOf(machine, change.path) }]
  if (change.kind === 'attributes' && change.mode !== undefined)
    return [{ path: change.path, change: 'mode', mode: octal(change.mode) }]
  if (change.kind !== 'file') return []
  const before = beforeOf(machine, change.path)
  const after = Buffer.from(change.after ?? new Uint8Array()).toString()
  const kind = before.before === undefined ? 'new' : before.before === after ? 'mode' : 'changed'
  return [{ path: change.path, change: kind, mode: octal(change.mode), ...before, after }]
}

/** From the machine itself: a plan takes what it may not read for missing. */
const beforeOf = (machine: Machine, path: string): { before?: string } => {
  try {
    const before = machine.files.readTextIfExists(path)
    return before === undefined ? {} : { before }
  } catch (error) {
    if (error instanceof FileError && error.reason === 'EACCES')
      throw new FileError('read', path, error.reason, 'permission denied: run it as root')
    throw error
  }
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** Names at first and at last: two that swap theirs go by way of a third. */
const renamesOf = (changes: readonly Change[]): Rename[] => {
  const names = new Map<string, string>()
  for (const change of changes) {
    if (change.kind !== 'command') continue
    const [program, , , , from = '', verb, to = ''] = change.argv
    if (program !== 'ip' || verb !== 'name') continue
    const [first = from] = [...names].find(([, now]) => now === from) ?? []
    names.set(first, to)
  }
  return [...names].map(([from, to]) => ({ from, to })).filter(({ from, to }) => from !== to)
}
