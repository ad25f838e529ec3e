import type { StageName } from '../boot/status.ts'
import { stageNames } from '../boot/status.ts'
import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { openStageGates } from '../machine/stage-gates.ts'
import { bootInSteps } from './boot-units.ts'
import { openMachine } from './open-machine.ts'

/** Devices that the kernel has found by then are known to udev. */
const settleSeconds = 30

/** Disks and links appear while the boot is on; a seed disk must not be missed because it was a moment late. */
const settleDevices = async (machine: Machine): Promise<void> => {
  if (machine.which('udevadm') === undefined) return
  try {
    const start = machine.clock.monotonic()
    await machine.ask(['udevadm', 'settle', `--timeout=${settleSeconds}`], { timeoutSeconds: settleSeconds + 5 })
    machine.log.debug(`udev has settled after ${((machine.clock.monotonic() - start) / 1000).toFixed(3)} s`)
  } catch (error) {
    machine.log.debug(`devices may still appear: ${messageOf(error)}`)
  }
}

/**
 * All four stages in this one process, each when its unit says so (docs/architecture.md, "The boot and systemd").
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
    const opened = await openMachine({ root: '/', keepsLog: true })
    // Meanwhile the configuration is read, and it is found out which cloud this is.
    const devices = settleDevices(opened.machine)
    const before = async (name: StageName): Promise<void> => {
      await Promise.all([gates.asked(name), devices])
    }
    await bootInSteps(opened, { devices, before, after: done })
    // No cloud: nobody has to wait.
    for (const name of waiting) done(name, 0)
    return 0
  } finally {
    gates.close()
  }
}
