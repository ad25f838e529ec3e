import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

/** Tells whoever watches the boot which addresses and routes the machine has. Starts no process; never throws. */
export const announceNetwork = async (machine: Machine): Promise<void> => {
  // A plan and an image have no network of their own.
  if (machine.kind === 'plan' || machine.kind === 'image') return
  try {
    const { readNetworkStateQuickly } = await import('../network/show.ts')
    const { consoleTables } = await import('../network/show-console.ts')
    const tables = consoleTables(await readNetworkStateQuickly(machine))
    if (tables !== '') machine.log.announce(tables)
  } catch (error) {
    machine.log.debug(`the addresses and routes can't be told: ${messageOf(error)}`)
  }
}
