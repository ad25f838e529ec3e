import type { Machine } from '../machine/machine.ts'
import { mountOf } from '../machine/mount-table.ts'
import { shadowAccounts } from './accounts-shadow.ts'
import type { DistroParts } from './distro.ts'
import { debianIdentity } from './identity-debian.ts'
import { applySystemdLocale, readSystemdLocale } from './locale-systemd.ts'
import { plainPackages } from './packages-plain.ts'
import { systemdServices } from './services-systemd.ts'

const zypper = ['zypper', '--non-interactive']
const transactional = ['transactional-update', '--non-interactive', '--drop-if-no-change']

/** MicroOS and its like: packages go into the next snapshot of a root that is read-only. */
const isTransactional = (machine: Machine): boolean =>
  machine.files.exists('/usr/sbin/transactional-update') && mountOf(machine, '/')?.type === 'btrfs'

const packages = plainPackages({
  name: 'zypper',
  isAvailable: (machine) => machine.which('zypper') !== undefined,
  commands: (machine) => {
    const isReadOnly = isTransactional(machine)
    const change = isReadOnly ? [...transactional, 'pkg'] : zypper
    return {
      refresh: [...zypper, 'refresh'],
      upgrade: isReadOnly ? [...transactional, 'up'] : [...zypper, 'update'],
      install: [...change, 'install', '--auto-agree-with-licenses'],
    }
  },
  versionMark: '-',
  refreshesFirst: false,
})

/** openSUSE and SUSE Linux Enterprise. */
export const suse: DistroParts = {
  family: 'suse',
  packages: () => packages,
  services: systemdServices,
  sshService: 'sshd',
  accounts: shadowAccounts,
  identity: { ...debianIdentity, readLocale: readSystemdLocale, applyLocale: applySystemdLocale },
}
