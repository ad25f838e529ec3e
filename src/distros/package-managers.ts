import { ConfigError, PackagesFailed } from '../machine/errors.ts'
import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { PackageManager, PackageSpec } from './distro.ts'
import { aptPackages } from './packages-apt.ts'
import { snapPackages } from './packages-snap.ts'

/** Those that the configuration may name: `packages: [{snap: [...]}]`. */
const packageManagers: Readonly<Record<string, (systemInfo: JsonObject) => PackageManager>> = {
  apt: aptPackages,
  snap: () => snapPackages,
}

/**
 * Installs with `first`; what it does not have, `second` is asked for, where it is there (Ubuntu: apt, then snap). Both
 * upgrade what is theirs.
 */
export const withFallback = (first: PackageManager, second: PackageManager): PackageManager => ({
  ...first,
  upgrade: async (machine) => {
    await first.upgrade(machine)
    if (second.isAvailable(machine)) await second.upgrade(machine)
  },
  install: async (machine: Machine, packages: readonly PackageSpec[]): Promise<void> => {
    try {
      await first.install(machine, packages)
    } catch (error) {
      if (!(error instanceof PackagesFailed) || !second.isAvailable(machine)) throw error
      machine.log.info(`${first.name} did not install ${error.packages.join(', ')}; asking ${second.name}`)
      await second.install(machine, error.packages)
    }
  },
})

/** @throws ConfigError when `name` is unknown or not installed. */
export const requirePackageManager = (machine: Machine, name: string, systemInfo: JsonObject): PackageManager => {
  const manager = Object.hasOwn(packageManagers, name) ? packageManagers[name]?.(systemInfo) : undefined
  if (manager?.isAvailable(machine)) return manager
  throw new ConfigError('packages', `the package manager ${name} is not installed here`)
}
