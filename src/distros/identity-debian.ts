import type { Machine } from '../machine/machine.ts'
import type { Identity } from './distro.ts'
import { readHostnameFile, withHostname } from './hostname-file.ts'
import { applyDebianLocale, readDebianLocale } from './locale-debian.ts'
import { setZoneinfoTimezone } from './timezone-zoneinfo.ts'

const hostnameFile = '/etc/hostname'

/** `hostname` works as early as the local stage, when nothing of systemd answers yet. */
const applyHostname = async (machine: Machine, hostname: string): Promise<void> => {
  const argv = machine.which('hostname') === undefined ? ['hostnamectl', 'hostname', hostname] : ['hostname', hostname]
  await machine.run(argv, { timeoutSeconds: 60 })
}

/** Host name, time zone and locale as Debian keeps them. */
export const debianIdentity: Identity = {
  hostnameFile,
  prefersFqdn: false,
  ownAddress: '127.0.1.1',
  readHostname: (machine, file = hostnameFile) => readHostnameFile(machine.files.readTextIfExists(file)),
  writeHostname: (machine, hostname, file = hostnameFile) =>
    machine.files.write(file, withHostname(machine.files.readTextIfExists(file), hostname), { mode: 0o644 }),
  applyHostname,
  setTimezone: setZoneinfoTimezone,
  readLocale: readDebianLocale,
  applyLocale: applyDebianLocale,
}
