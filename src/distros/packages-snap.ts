import { messageOf, PackagesFailed } from '../machine/errors.ts'
import { isJsonObject, objectAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { PackageManager } from './distro.ts'

const snapName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/
const timeoutSeconds = 60 * 60

/** True when the machine's owner has stopped all refreshes (`snap refresh --hold=forever`). */
const isHeld = async (machine: Machine): Promise<boolean> => {
  const { stdout } = await machine.ask(['snap', 'get', 'system', '-d'], { allowedExitCodes: 'any', timeoutSeconds: 60 })
  try {
    const system: unknown = JSON.parse(stdout)
    return isJsonObject(system) && objectAt(system, 'refresh')['hold'] === 'forever'
  } catch {
    machine.log.debug('snap does not tell whether refreshes are held')
    return false
  }
}

/** Snaps. The second word of a package is an option: `[lxd, --channel=5.15/stable]`, `[juju, --edge]`. */
export const snapPackages: PackageManager = {
  name: 'snap',
  isAvailable: (machine) => machine.which('snap') !== undefined,
  // snapd keeps no lists.
  refresh: async () => {},
  upgrade: async (machine) => {
    if (await isHeld(machine)) {
      machine.log.info('snaps stay as they are: refresh.hold is forever')
      return
    }
    await machine.run(['snap', 'refresh'], { output: 'pass', timeoutSeconds })
  },
  install: async (machine, packages) => {
    const failed: string[] = []
    for (const spec of packages) {
      const words = typeof spec === 'string' ? [spec] : [...spec]
      if (!snapName.test(words[0] ?? '')) {
        machine.log.error(`packages: ${words.join(' ')} is no name of a snap`)
        failed.push(words.join(' '))
        continue
      }
      try {
        await machine.run(['snap', 'install', ...words], { output: 'pass', timeoutSeconds })
      } catch (error) {
        machine.log.error(messageOf(error))
        failed.push(words.join(' '))
      }
    }
    if (failed.length > 0) throw new PackagesFailed(failed, 'snap could not install them')
  },
}
