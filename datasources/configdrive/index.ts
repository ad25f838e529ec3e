import type { InstanceData } from '../../src/instance/instance-data.ts'
import { openstackDevice } from '../../src/instance/openstack-device.ts'
import { DatasourceError, MountError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { candidateDisks, isLabelled } from './candidates.ts'
import { id, readDrive } from './read-drive.ts'

/**
 * OpenStack's config drive: a disk with the label config-2 (or a folder with the same content) that holds the files of
 * the metadata service. nova's admin guide, "Config drives".
 */
export default defineDatasource({
  id,
  stages: ['local'],
  detect: () => true,
  fetch: async (context) => {
    const data = (await fromFolder(context)) ?? (await fromDisk(context))
    return data?.dsmode === 'disabled' ? undefined : data
  },
  checkInstanceId: ({ platform }, storedId) => storedId.toLowerCase() === platform.dmi.productUuid.toLowerCase(),
  deviceOf: ({ machine }, data, name) => openstackDevice(machine, data, name),
})

/** A folder that is a broken config drive is an error: somebody put it there on purpose. */
const fromFolder = async (context: DatasourceContext): Promise<InstanceData | undefined> => {
  const { files } = context.machine
  for (const folder of [`${context.paths.cloud}/seed/config_drive`, '/config-drive']) {
    if (files.stat(folder)?.type !== 'folder') continue
    const data = await readDrive(context, folder)
    if (data !== undefined) return { ...data, subplatform: `seed-dir (${folder})` }
    context.machine.log.debug(`${folder} is no config drive`)
  }
  return undefined
}

const fromDisk = async (context: DatasourceContext): Promise<InstanceData | undefined> => {
  const { disks, log } = context.machine
  for (const device of await candidateDisks(context)) {
    try {
      const data = await disks.withMounted(
        device,
        async (folder) => (await readDrive(context, folder)) ?? notWithoutMetadata(context.machine, folder),
      )
      if (data !== undefined) return { ...data, subplatform: `config-disk (${device})` }
      log.debug(`${device} is no config drive`)
    } catch (error) {
      if (error instanceof MountError) await tellOfMount(context, device, error)
      else if (error instanceof DatasourceError) log.warning(`config drive ${device} is broken: ${messageOf(error)}`)
      else throw error
    }
  }
  return undefined
}

/** Only a disk with the label was meant to be one. */
const tellOfMount = async ({ machine: { disks, log } }: DatasourceContext, device: string, error: MountError) => {
  const found = (await disks.list()).find(({ path }) => path === device)
  if (isLabelled(found))
    log.warning(`config drive ${device} is damaged and is not used; attach it anew: ${error.message}`)
  else log.debug(error.message)
}

/** A disk that has the folder of a config drive, but nothing in it that names the instance. */
const notWithoutMetadata = ({ files }: Machine, folder: string): undefined => {
  if (files.list(`${folder}/openstack`).length === 0) return undefined
  throw new DatasourceError(id, 'openstack/latest/meta_data.json is missing')
}
