import type { Machine } from '../machine/machine.ts'

/** Seeding a first boot's snaps takes minutes on a slow disk. */
const timeoutSeconds = 20 * 60

/**
 * Waits until the snaps that came with the image are set up: until then snap takes no orders. Without snap there is
 * nothing to wait for.
 * @throws CommandError
 */
export const waitForSnapSeed = async (machine: Machine): Promise<void> => {
  if (machine.which('snap') === undefined) return
  await machine.ask(['snap', 'wait', 'system', 'seed.loaded'], { timeoutSeconds })
}
