import type { StageName } from '../boot/status.ts'
import { stageNames } from '../boot/status.ts'
import { openStageGates } from '../machine/stage-gates.ts'
import { bootInSteps } from './boot-units.ts'
import { openMachine } from './open-machine.ts'

/**
 * All four stages in this one process, each when its unit says so (docs/architecture.md, "The boot and systemd").
 * The process starts while the root may still be read-only and disks are still being found; the unit of the local stage
 * starts when that is over.
 * Returns 0 also after failures, which the units of the stages and `status` tell: this unit fails when it crashes.
 */
export const bootByUnits = async (): Promise<number> => {
  const gates = openStageGates(stageNames)
  const waiting = new Set<StageName>(stageNames)
  const done = (name: StageName, failures: number): void => {
    waiting.delete(name)
    gates.done(name, failures)
  }
  try {
    // Meanwhile the configuration is read, and it is found out which cloud this is.
    const ready = gates.asked('init-local')
    const opened = await openMachine({ root: '/', keepsLog: true, writable: ready })
    await bootInSteps(opened, { ready, before: gates.asked, after: done })
    // No cloud: nobody has to wait.
    for (const name of waiting) done(name, 0)
    return 0
  } finally {
    gates.close()
  }
}
