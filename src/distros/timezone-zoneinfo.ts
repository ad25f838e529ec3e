import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'

const zoneinfo = '/usr/share/zoneinfo'

/** `Europe/Berlin`, `Etc/GMT+3`: never a way out of the folder. */
const zoneName = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/

/**
 * Time zone by /etc/timezone and the link /etc/localtime.
 * @throws ConfigError when there is no such zone
 */
export const setZoneinfoTimezone = async (machine: Machine, zone: string): Promise<void> => {
  const { files } = machine
  if (!files.exists(zoneinfo)) throw new ConfigError('timezone', `${zoneinfo} is missing; install tzdata`)
  const file = `${zoneinfo}/${zone}`
  if (!zoneName.test(zone) || files.stat(file)?.type !== 'file') {
    throw new ConfigError('timezone', `there is no zone ${zone} in ${zoneinfo}; use a name such as Europe/Berlin`)
  }
  files.write('/etc/timezone', `${zone}\n`, { mode: 0o644 })
  if (files.readLink('/etc/localtime') !== file) files.symlink(file, '/etc/localtime')
}
