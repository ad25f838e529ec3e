import type { PackageManager } from './distro.ts'

/** Packages by apt-get. */
export const aptPackages: PackageManager = {
  name: 'apt',
  refresh: async (machine) => {
    await machine.run(['apt-get', 'update'])
  },
  upgrade: async (machine) => {
    await machine.run(['apt-get', 'dist-upgrade'])
  },
  install: async (machine, packages) => {
    const names = packages.map((spec) => (typeof spec === 'string' ? spec : spec.join('=')))
    await machine.run(['apt-get', 'install', '--assume-yes', '--', ...names])
  },
}
