import type { Plan } from '../boot/plan.ts'
import { showKeyPath } from '../cloudconfig/key-path.ts'
import type { Change } from '../machine/journal.ts'
import type { JsonObject } from '../machine/json.ts'
import { originAsData } from './why-data.ts'

/** A plan for tools: changes in their order, findings and errors. Contents are base64, secret ones left out. */
export const planAsData = (plan: Plan, showSecrets: boolean): JsonObject => ({
  changes: plan.changes.map((change) => changeAsData(change, showSecrets)),
  findings: plan.findings.map(({ level, actor, message, isInputError, origin }) => ({
    level,
    actor,
    message,
    inputError: isInputError,
    ...(origin && { source: originAsData(origin) }),
  })),
  errors: [...plan.errors],
  dropped: plan.losses.map(({ path, winner, dropped }) => ({
    key: showKeyPath(path),
    source: originAsData(dropped.origin),
    replacedBy: originAsData(winner),
  })),
})

const base64 = (bytes: Uint8Array | undefined): string | null => (bytes ? Buffer.from(bytes).toString('base64') : null)

const changeAsData = (change: Change, showSecrets: boolean): JsonObject => {
  if (change.kind !== 'file')
    return { ...change, ...(change.kind === 'command' && { argv: [...change.argv] }) } as JsonObject
  const { before, after, ...facts } = change
  return change.secret && !showSecrets ? { ...facts } : { ...facts, before: base64(before), after: base64(after) }
}
