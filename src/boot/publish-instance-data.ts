import { hostnamesOf } from '../instance/hostname.ts'
import type { CachedInstance } from '../instance/instance-cache.ts'
import { datasourceKeys } from '../instance/instance-ds.ts'
import { cloudNamesOf, standardKeys } from '../instance/instance-v1.ts'
import { messageOf } from '../machine/errors.ts'
import type { Boot } from './boot.ts'

/** Tells templates, scripts and people what the instance is. */
export const publishInstanceData = async (boot: Boot, cached: CachedInstance): Promise<void> => {
  const { machine, paths } = boot
  const { hostname } = hostnamesOf(machine, cached.data.localHostname)
  const document = {
    ds: datasourceKeys(cached.data),
    v1: { ...standardKeys(cached.data, cached.datasource, hostname), distro: 'debian', distro_version: '12' },
  }
  try {
    const text = `${JSON.stringify(document, null, 1)}\n`
    machine.files.write(`${paths.run}/instance-data-sensitive.json`, text, { mode: 0o600 })
    machine.files.write(`${paths.run}/instance-data.json`, text, { mode: 0o644 })
    const { cloudId } = cloudNamesOf(cached.data, cached.datasource)
    machine.files.write(`${paths.run}/cloud-id-${cloudId}`, `${cloudId}\n`)
    machine.files.symlink(`${paths.run}/cloud-id-${cloudId}`, `${paths.run}/cloud-id`)
  } catch (error) {
    machine.log.warning(`instance-data.json can't be written: ${messageOf(error)}`)
  }
}
