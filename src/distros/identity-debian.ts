import type { Identity } from './distro.ts'

/** Host name, time zone and locale as Debian keeps them. */
export const debianIdentity: Identity = {
  readHostname: (machine) => machine.files.readTextIfExists('/etc/hostname')?.trim(),
  writeHostname: (machine, hostname) => machine.files.write('/etc/hostname', `${hostname}\n`),
  applyHostname: async (machine, hostname) => {
    await machine.run(['hostname', hostname])
  },
  setTimezone: async () => {},
  applyLocale: async () => {},
}
