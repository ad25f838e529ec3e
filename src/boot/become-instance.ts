import { writeInjectedFiles } from '../instance/injected-files.ts'
import { type CachedInstance, writeCachedInstance } from '../instance/instance-cache.ts'
import { instanceFolder, instanceLink, type Paths } from '../instance/paths.ts'
import type { Machine } from '../machine/machine.ts'
import { makeInstanceFolders } from './folders.ts'

/**
 * Makes `cached` the present instance: its folder, the link to it, and the notes about the one before. The note of the
 * instance id comes last, so that a boot that is cut off in here still sees a new instance the next time.
 * @returns true when this is another instance than at the boot before.
 */
export const becomeInstance = (
  machine: Machine,
  paths: Paths,
  cached: CachedInstance,
  description: string,
): boolean => {
  const id = cached.data.instanceId
  const folder = instanceFolder(paths, id)
  const data = `${paths.cloud}/data`
  makeInstanceFolders(machine, folder)
  writeCachedInstance(machine, paths, cached)
  const link = instanceLink(paths)
  if (machine.files.readLink(link) !== folder) machine.files.symlink(folder, link)

  const previous = machine.files.readTextIfExists(`${data}/instance-id`)?.trim()
  if (previous !== id) writeInjectedFiles(machine, cached.data)
  const line = `DataSource${cached.datasource}: ${description}\n`
  machine.files.write(`${data}/previous-datasource`, machine.files.readTextIfExists(`${folder}/datasource`) ?? line)
  machine.files.write(`${folder}/datasource`, line)
  machine.files.write(`${data}/previous-instance-id`, `${previous ?? 'NO_PREVIOUS_INSTANCE_ID'}\n`)
  machine.files.write(`${paths.run}/.instance-id`, `${id}\n`)
  machine.files.write(`${data}/instance-id`, `${id}\n`)
  return previous !== id
}
