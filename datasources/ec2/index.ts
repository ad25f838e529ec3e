import { existingDevice } from '../../src/instance/device-names.ts'
import { fromMetadata } from '../../src/instance/from-metadata.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { candidateNics } from '../../src/network/nics.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { askByLink } from '../../src/platform/temporary-link.ts'
import { type Ec2Cloud, identifyCloud } from './cloud.ts'
import { crawl, type Ec2Crawl, identityDocument } from './crawl.ts'
import { networkOf } from './network.ts'
import { readSeed } from './seed.ts'
import { openPlain, openWithToken } from './session.ts'
import { type Ec2Settings, ec2Settings, id } from './settings.ts'

/**
 * Amazon EC2 and the clouds that speak its protocol: a tree of small documents at 169.254.169.254. On AWS every request
 * carries a token (IMDSv2). EC2 User Guide, "Use instance metadata".
 */
export default defineDatasource({
  id,
  stages: ['local', 'network'],
  detect: ({ platform }) => !platform.isContainer,
  // docs/network.md, "Hotplug"
  lateAddressSeconds: 30,
  fetch: async (context) => {
    const { machine, platform, stage } = context
    const settings = ec2Settings(context)
    const cloud = identifyCloud(machine, platform.dmi)
    const seed = readSeed(context, cloud)
    if (seed !== undefined) return seed
    if (!isWanted(context, settings, cloud)) return undefined
    return stage === 'local' ? fetchBeforeNetwork(context, settings, cloud) : fetchNow(context, settings, cloud)
  },
  deviceOf: ({ machine }, { metadata = {} }, name) => {
    const mapping = objectAt(metadata, 'block-device-mapping')
    // Eucalyptus says `ephemeral` for the first one.
    const said = textAt(mapping, name) ?? (name === 'ephemeral0' ? textAt(mapping, 'ephemeral') : undefined)
    if (said === undefined) return undefined
    // The small instance types list an ephemeral0 that they do not have; of others the cloud's word is taken.
    return existingDevice(machine, said) ?? (name === 'ephemeral0' ? undefined : said)
  },
})

const isWanted = ({ machine, stage }: DatasourceContext, settings: Ec2Settings, cloud: Ec2Cloud): boolean => {
  if (settings.maxWaitSeconds <= 0) {
    machine.log.info(`datasource.${id}.max_wait is 0: not asked`)
    return false
  }
  if (cloud === 'unknown' && settings.strictId === 'true') {
    machine.log.info(`this is no cloud known to speak EC2's protocol, and datasource.${id}.strict_id is true`)
    return false
  }
  // The others' network is not known to be reachable by a lease of our own.
  return stage === 'network' || cloud === 'aws' || cloud === 'outscale'
}

/** By IPv6 the service is asked while a lease may still come; what is late is asked again in the network stage. */
const impatient = (settings: Ec2Settings): Ec2Settings => ({
  ...settings,
  maxWaitSeconds: Math.min(settings.maxWaitSeconds, 10),
})

/** Drivers of the interfaces that EC2 gives its machines. */
const ownDrivers: readonly (string | undefined)[] = ['ena', 'efa']

const fetchBeforeNetwork = async (
  context: DatasourceContext,
  settings: Ec2Settings,
  cloud: Ec2Cloud,
): Promise<InstanceData | undefined> => {
  const { machine } = context
  const isForeign = ({ driver }: { driver: string | undefined }) => (ownDrivers.includes(driver) ? 0 : 1)
  const nics = candidateNics(machine).sort((a, b) => isForeign(a) - isForeign(b))
  for (const { name } of nics) {
    try {
      const crawled = await askByLink(machine, name, 'router', (family) =>
        crawlAll(context, family === 4 ? settings : impatient(settings), cloud),
      )
      if (crawled) return { ...(await instanceOf(context, settings, cloud, crawled, name)), fallbackLink: name }
    } catch (error) {
      // The network stage asks again, and reports it.
      machine.log.info(`no metadata through ${name}: ${messageOf(error)}`)
    }
  }
  return undefined
}

const fetchNow = async (
  context: DatasourceContext,
  settings: Ec2Settings,
  cloud: Ec2Cloud,
): Promise<InstanceData | undefined> => {
  const crawled = await crawlAll(context, settings, cloud)
  return crawled && instanceOf(context, settings, cloud, crawled, undefined)
}

const crawlAll = async (
  { machine }: DatasourceContext,
  settings: Ec2Settings,
  cloud: Ec2Cloud,
): Promise<Ec2Crawl | undefined> => {
  const session = cloud === 'aws' ? await openWithToken(machine, settings) : await openPlain(machine, settings)
  return session && crawl(machine, session, cloud)
}

const instanceOf = async (
  context: DatasourceContext,
  settings: Ec2Settings,
  cloud: Ec2Cloud,
  crawled: Ec2Crawl,
  link: string | undefined,
): Promise<InstanceData> => {
  const { metadata } = crawled
  const document = identityDocument(crawled)
  const instanceId = textAt(document, 'instanceId') ?? textAt(metadata, 'instance-id')
  if (instanceId === undefined) throw new DatasourceError(id, 'meta-data/instance-id is missing')
  if (cloud === 'unknown' && settings.strictId === 'warn') warnOfUnknown(context)
  const launchIndex = metadata['ami-launch-index']
  return {
    ...fromMetadata(metadata),
    instanceId,
    cloudName: cloud,
    platform: 'ec2',
    subplatform: `metadata (${crawled.address})`,
    ...placeOf(metadata, document),
    ...(launchIndex !== undefined && { launchIndex }),
    userData: crawled.userData,
    ds: {
      _metadata_api_version: crawled.version,
      'meta-data': metadata,
      ...(crawled.identity && { dynamic: { 'instance-identity': crawled.identity } }),
    },
    ...(await networkOf(context, metadata, link, settings.fullNetwork)),
  }
}

/** The zone, and the region: of the identity document, or the zone without its letter. */
const placeOf = (metadata: JsonObject, document: JsonObject) => {
  const placed = textAt(objectAt(metadata, 'placement'), 'availability-zone')
  // As cloud-init does: a document alone, without placement in the metadata, names no zone.
  const zone = placed === undefined ? undefined : (textAt(document, 'availabilityZone') ?? placed)
  const region = textAt(document, 'region') ?? zone?.slice(0, -1)
  return { ...(zone !== undefined && { availabilityZone: zone }), ...(region !== undefined && { region }) }
}

const warnOfUnknown = ({ machine }: DatasourceContext): void => {
  machine.log.warning(
    `metadata of EC2's form was found, but this cloud is not known to have it; it is used. Set datasource.${id}.strict_id to true to forbid it, or to false to have no warning`,
  )
}
