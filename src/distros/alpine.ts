import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shadowAccounts } from './accounts-shadow.ts'
import type { DistroParts, LocaleRequest } from './distro.ts'
import { debianIdentity } from './identity-debian.ts'
import { plainPackages } from './packages-plain.ts'
import { openrcServices } from './services-openrc.ts'

const apk = ['apk', '--quiet']

const packages = plainPackages({
  name: 'apk',
  isAvailable: (machine) => machine.which('apk') !== undefined,
  commands: () => ({
    refresh: [...apk, 'update'],
    upgrade: [...apk, 'upgrade', '--update-cache', '--available'],
    install: [...apk, 'add'],
  }),
  versionMark: '=',
  refreshesFirst: true,
})

const localeFile = '/etc/profile.d/50-cloud-init-locale.sh'
const usualLocale = 'C.UTF-8'

/** musl has no locales but for the language of messages; the shell's environment is all there is to set. */
const applyLocale = async (machine: Machine, { name, configFile }: LocaleRequest): Promise<void> => {
  if (!/^[A-Za-z][\w.@-]*$/.test(name)) {
    throw new ConfigError('locale', `${name} is not a locale; use a name such as en_GB.UTF-8`)
  }
  const lines = [
    '# By `locale` in the configuration.',
    'export CHARSET=UTF-8',
    `export LANG=${name}`,
    'export LC_COLLATE=C',
    '',
  ]
  machine.files.write(configFile ?? localeFile, lines.join('\n'), { mode: 0o644 })
}

/** Alpine Linux, with the package `shadow` for its accounts. */
export const alpine: DistroParts = {
  family: 'alpine',
  packages: () => packages,
  services: openrcServices,
  sshService: 'sshd',
  accounts: shadowAccounts,
  identity: { ...debianIdentity, readLocale: () => usualLocale, applyLocale },
}
