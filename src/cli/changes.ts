import type { Change } from '../machine/journal.ts'
import { type Command, isSet, textArgument } from './command.ts'

/** `changes`: what the last boot changed on this machine, by module. */
export const changesCommand: Command = {
  usage: 'changes',
  summary: 'What the last boot changed on this machine, by module',
  options: {
    module: { type: 'string', describe: 'Only what this module changed' },
    all: { type: 'boolean', describe: "Also firstlight's own state under /var/lib/cloud and /run/cloud-init" },
    json: { type: 'boolean', describe: 'As data, one change a line' },
  },
  run: async (context, args) => {
    const { readBootChanges, isOwnState } = await import('../boot/changes.ts')
    const { describeChange } = await import('./describe-change.ts')
    const { machine } = await context.machine()
    const changes = readBootChanges(machine)
    if (changes === undefined) {
      context.console.complain('No boot has been recorded on this machine, or it is not readable: run this as root.')
      return 1
    }
    const module = textArgument(args, 'module')
    const shown = changes.filter(
      (change) => (module === undefined || change.actor === module) && (isSet(args, 'all') || !isOwnState(change)),
    )
    if (isSet(args, 'json')) {
      for (const change of shown) context.console.print(JSON.stringify(change))
      return 0
    }
    for (const [actor, changesOfActor] of byActor(shown)) {
      context.console.print(actor, 'cyan')
      for (const change of changesOfActor) context.console.print(`  ${describeChange(change)}`)
    }
    if (shown.length === 0) context.console.print('Nothing was changed.')
    return 0
  },
}

const byActor = (changes: readonly Change[]): Map<string, Change[]> => {
  const groups = new Map<string, Change[]>()
  for (const change of changes) groups.set(change.actor, [...(groups.get(change.actor) ?? []), change])
  return groups
}
