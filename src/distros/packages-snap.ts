import { messageOf, PackagesFailed } from '../machine/errors.ts'
import type { PackageManager } from './distro.ts'

const snapName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/
const timeoutSeconds = 60 * 60

/** Snaps. The second word of a package is an option: `[lxd, --channel=5.15/stable]`, `[juju, --edge]`. */
export const snapPackages: PackageManager = {
  name: 'snap',
  isAvailable: (machine) => machine.which('snap') !== undefined,
  // snapd keeps no lists.
  refresh: async () => {},
  upgrade: async (machine) => {
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
