import { shadowAccounts } from './accounts-shadow.ts'
import type { DistroParts } from './distro.ts'
import { debianIdentity } from './identity-debian.ts'
import { aptPackages } from './packages-apt.ts'
import { systemdServices } from './services-systemd.ts'

/** Debian. */
export const debian: DistroParts = {
  family: 'debian',
  packages: aptPackages,
  services: systemdServices,
  accounts: shadowAccounts,
  identity: debianIdentity,
}
