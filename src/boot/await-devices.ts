import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { areNicsThere } from '../network/expected-nics.ts'
import { firstLineOf } from '../platform/asking.ts'
import type { Identification } from '../platform/identify.ts'

/** As long as `udevadm settle` waits at most. Seconds. */
const settleSeconds = 30

/** Datasources that are a disk, by the label of its file system (cloud-init's documentation of each). */
const labels: Readonly<Record<string, readonly string[]>> = {
  NoCloud: ['cidata', 'CIDATA'],
  ConfigDrive: ['config-2', 'CONFIG-2'],
}

/** Whether a disk that appears later could change which datasource it is. */
const isCertain = ({ datasources: [first = ''], disks }: Identification): boolean =>
  Object.hasOwn(labels, first)
    ? (disks ?? []).some(({ label = '' }) => labels[first]?.includes(label))
    : disks === undefined && first !== ''

/** udev is through with every disk that there is: others that came with them would be there, too. */
const areDisksSettled = (machine: Machine): boolean =>
  machine.files
    .list('/sys/class/block')
    .filter((name) => !/^(loop|ram|zram)\d/.test(name))
    .map((name) => firstLineOf(machine, `/sys/class/block/${name}/dev`))
    .every((number) => number !== undefined && machine.files.exists(`/run/udev/data/b${number}`))

/**
 * Waits until udev has worked off what the kernel has found, unless all that the local stage looks at is there already:
 * the seed, or a cloud that has none, and every network interface under its own name. A seed disk or an interface must
 * not be missed because it was a moment late; but udev goes on for seconds with what matters to nobody here. Nobody waits
 * where firstlight is switched off.
 */
export const awaitDevices = async (machine: Machine, found: Identification): Promise<void> => {
  const isOff = found.exitCode === 2
  if (isOff || machine.which('udevadm') === undefined) return
  if (isCertain(found) && areDisksSettled(machine) && areNicsThere(machine)) {
    machine.log.debug('the devices are there')
    return
  }
  try {
    await machine.ask(['udevadm', 'settle', `--timeout=${settleSeconds}`], {
      allowedExitCodes: 'any',
      timeoutSeconds: settleSeconds + 5,
    })
  } catch (error) {
    machine.log.warning(`some devices may be missed: ${messageOf(error)}`)
  }
}
