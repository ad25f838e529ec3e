import { dsmodeOf } from '../../src/instance/dsmode.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { openstackDevice } from '../../src/instance/openstack-device.ts'
import { openstackInstance, openstackVersion, readOpenstackFiles } from '../../src/instance/openstack-files.ts'
import { LinkError, messageOf } from '../../src/machine/errors.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { networkFromOpenstack } from '../../src/network/from-openstack.ts'
import { fallbackNic } from '../../src/network/nics.ts'
import { openstackNics } from '../../src/network/openstack-nics.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { askByLink } from '../../src/platform/temporary-link.ts'
import { isOpenstack } from './detect.ts'
import { findService, id, openstackSettings, readEc2Metadata, serviceStore } from './service.ts'

/** OpenStack's metadata service: a few files below http://169.254.169.254/openstack. nova's user guide, "Metadata". */
export default defineDatasource({
  id,
  stages: ['local', 'network'],
  detect: isOpenstack,
  // One probe of the addresses is all that `max_wait` allows unless it is set.
  patienceSeconds: 90,
  fetch: async (context) => {
    const link = fallbackNic(context.machine)?.name
    if (context.stage === 'network') return read(context, link)
    return link === undefined ? undefined : readBeforeNetwork(context, link)
  },
  checkInstanceId: ({ platform }, storedId) => storedId.toLowerCase() === platform.dmi.productUuid.toLowerCase(),
  deviceOf: ({ machine }, data, name) => openstackDevice(machine, data, name),
})

const readBeforeNetwork = async (context: DatasourceContext, link: string): Promise<InstanceData | undefined> => {
  try {
    const data = await askByLink(context.machine, link, 'link', (family) =>
      read(family === 4 ? context : impatient(context), link),
    )
    return data && { ...data, fallbackLink: link }
  } catch (error) {
    if (!(error instanceof LinkError)) throw error
    context.machine.log.info(`${id}: no metadata before the network is up: ${messageOf(error)}`)
    return undefined
  }
}

/** By IPv6 the service is asked while a lease may still come: once, and no `max_wait`. */
const impatient = (context: DatasourceContext): DatasourceContext => ({
  ...context,
  settings: { ...context.settings, max_wait: -1 },
})

const read = async (context: DatasourceContext, link: string | undefined): Promise<InstanceData | undefined> => {
  const { machine } = context
  const settings = openstackSettings(context)
  const service = await findService(machine, settings, link)
  if (service === undefined) return undefined
  const store = serviceStore(machine, settings, service)
  const files = await readOpenstackFiles(store, openstackVersion(service.versions))
  if (files === undefined) return undefined
  const dsmode = dsmodeOf([files.dsmode], machine.log)
  if (dsmode === 'disabled') return undefined
  const ec2Metadata = await readEc2Metadata(machine, settings, service)
  const networkConfig = settings.appliesNetwork ? networkOf(machine, files.networkData) : undefined
  return {
    ...openstackInstance(files, ec2Metadata),
    dsmode,
    subplatform: `metadata (${service.address})`,
    ...(networkConfig && { networkConfig }),
  }
}

const networkOf = (machine: Machine, networkData: JsonObject | undefined): JsonObject | undefined => {
  if (networkData === undefined) return undefined
  try {
    return networkFromOpenstack(networkData, openstackNics(machine), (message) => machine.log.warning(message))
  } catch (error) {
    machine.log.warning(`the network configuration is unusable, the usual one is used: ${messageOf(error)}`)
    return undefined
  }
}
