import { dsmodeOf } from '../../src/instance/dsmode.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import {
  type OpenstackFiles,
  type OpenstackStore,
  openstackInstance,
  openstackVersion,
  optionalJson,
  readOpenstackFiles,
} from '../../src/instance/openstack-files.ts'
import { messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type JsonObject, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { networkFromInterfaces } from '../../src/network/eni-to-v1.ts'
import { networkFromOpenstack } from '../../src/network/from-openstack.ts'
import { openstackNics } from '../../src/network/openstack-nics.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { readVersion1, type Version1 } from './version-1.ts'

export const id = 'ConfigDrive'
const defaultInstanceId = 'iid-dsconfigdrive'

/**
 * Reads a config drive (of any version) that is mounted, or lies, at `folder`.
 *
 * @returns undefined when it is no config drive.
 * @throws DatasourceError when it is one, but broken.
 */
export const readDrive = async (context: DatasourceContext, folder: string): Promise<InstanceData | undefined> => {
  const { machine } = context
  const store: OpenstackStore = { id, log: machine.log, read: async (path) => readBelow(machine, folder, path) }
  const version = openstackVersion(machine.files.list(`${folder}/openstack`))
  const files = await readOpenstackFiles(store, version)
  if (files !== undefined) return presentVersion(context, files, await readEc2Metadata(store))
  const first = readVersion1(id, (path) => readBelow(machine, folder, path))
  return first === undefined ? undefined : firstVersion(context, first)
}

/** A file of the drive; a link that leads off the drive counts as missing. */
const readBelow = (machine: Machine, folder: string, path: string): Uint8Array | undefined => {
  const full = `${folder}/${path}`
  if (machine.files.stat(full)?.type !== 'file') return undefined
  if (machine.files.realPath(full).startsWith(`${machine.files.realPath(folder)}/`)) {
    return machine.files.readBytesIfExists(full)
  }
  machine.log.warning(`${path} of the config drive is a link that leads off the drive; it is ignored`)
  return undefined
}

const readEc2Metadata = async (store: OpenstackStore): Promise<JsonObject | undefined> => {
  const path = 'ec2/latest/meta-data.json'
  const parsed = optionalJson(store, await store.read(path), path)
  return isJsonObject(parsed) ? parsed : undefined
}

const presentVersion = (
  context: DatasourceContext,
  files: OpenstackFiles,
  ec2Metadata: JsonObject | undefined,
): InstanceData => {
  const networkConfig = networkOf(context.machine, files)
  return {
    ...openstackInstance(files, ec2Metadata),
    dsmode: dsmodeOf([files.dsmode, textAt(context.settings, 'dsmode')], context.machine.log),
    injectedFiles: files.injectedFiles,
    ...(networkConfig !== undefined && { networkConfig }),
  }
}

const networkOf = (machine: Machine, files: OpenstackFiles): JsonObject | undefined => {
  try {
    if (files.networkData !== undefined) {
      return networkFromOpenstack(files.networkData, openstackNics(machine), (message) => machine.log.warning(message))
    }
    return files.interfaces === undefined ? undefined : networkFromInterfaces(files.interfaces)
  } catch (error) {
    machine.log.warning(
      `the config drive's network configuration is unusable, the usual one is used: ${messageOf(error)}`,
    )
    return undefined
  }
}

const firstVersion = ({ machine, settings }: DatasourceContext, drive: Version1): InstanceData => {
  const instanceId = drive.instanceId ?? defaultInstanceId
  return {
    instanceId,
    publicKeys: drive.publicKeys,
    userData: drive.userData,
    dsmode: dsmodeOf([drive.dsmode, textAt(settings, 'dsmode')], machine.log),
    metadata: { ...drive.metadata, 'instance-id': instanceId },
  }
}
