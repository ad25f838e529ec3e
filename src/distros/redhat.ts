import type { Machine } from '../machine/machine.ts'
import { shadowAccounts } from './accounts-shadow.ts'
import type { DistroParts } from './distro.ts'
import { debianIdentity } from './identity-debian.ts'
import { applySystemdLocale, readSystemdLocale } from './locale-systemd.ts'
import { plainPackages } from './packages-plain.ts'
import { systemdServices } from './services-systemd.ts'

/** dnf; where there is only yum, that: with -t it does not mind packages that are installed already. */
const command = (machine: Machine): readonly string[] =>
  machine.which('dnf') === undefined ? ['yum', '-t', '-y'] : ['dnf', '-y']

const packages = plainPackages({
  name: 'dnf',
  isAvailable: (machine) => ['dnf', 'yum'].some((tool) => machine.which(tool) !== undefined),
  commands: (machine) => ({
    refresh: [...command(machine), 'makecache'],
    upgrade: [...command(machine), 'upgrade'],
    install: [...command(machine), 'install'],
  }),
  versionMark: '-',
  refreshesFirst: false,
})

/** Red Hat Enterprise Linux and its relatives. */
export const redhat: DistroParts = {
  family: 'redhat',
  packages: () => packages,
  services: systemdServices,
  sshService: 'sshd',
  accounts: shadowAccounts,
  identity: {
    ...debianIdentity,
    prefersFqdn: true,
    ownAddress: '127.0.0.1',
    readLocale: readSystemdLocale,
    applyLocale: applySystemdLocale,
  },
}
