import type { JsonObject } from '../machine/json.ts'
import type { InstanceData } from './instance-data.ts'

/** What an instance is called: defaults of InstanceData filled in. */
export interface CloudNames {
  readonly cloudName: string
  readonly platform: string
  readonly cloudId: string
}

/** A cloud name that says that the cloud is not known (NoCloud and its kin). */
export const unknownCloud = 'unknown'

/** By the beginning of the region's name: partitions of a cloud that users tell apart. */
const partitions: readonly (readonly [regionPrefix: string, cloudName: string, cloudId: string])[] = [
  ['cn-', 'aws', 'aws-china'],
  ['us-gov-', 'aws', 'aws-gov'],
  ['china', 'azure', 'azure-china'],
]

/**
 * Cloud name, platform and canonical cloud id (what `cloud-id` prints).
 * @param datasource its id as in datasource_list
 */
export const cloudNamesOf = (data: InstanceData, datasource: string): CloudNames => {
  const cloudName = (data.cloudName ?? datasource).toLowerCase()
  const platform = data.platform ?? datasource.toLowerCase()
  return { cloudName, platform, cloudId: data.cloudId ?? canonicalCloudId(cloudName, platform, data.region) }
}

/** The cloud's name, or that of its partition; the platform when the name is not known. */
export const canonicalCloudId = (cloudName: string, platform: string, region = ''): string => {
  const partition = partitions.find(([prefix, cloud]) => cloud === cloudName && region.startsWith(prefix))
  if (partition) return partition[2]
  return cloudName === unknownCloud ? platform : cloudName
}

/**
 * The cloud's part of the `v1` standard keys of instance-data.json (the rest are facts of the system). Dashed twins of
 * four keys are there for templates of old.
 * @param hostname the short host name, by metadata or the present one
 */
export const standardKeys = (data: InstanceData, datasource: string, hostname: string): JsonObject => {
  const { cloudName, platform, cloudId } = cloudNamesOf(data, datasource)
  const zone = data.availabilityZone ?? null
  return {
    _beta_keys: ['subplatform'],
    'availability-zone': zone,
    availability_zone: zone,
    'cloud-name': cloudName,
    cloud_id: cloudId,
    cloud_name: cloudName,
    'instance-id': data.instanceId,
    instance_id: data.instanceId,
    'local-hostname': hostname,
    local_hostname: hostname,
    platform,
    public_ssh_keys: [...(data.publicKeys ?? [])],
    region: data.region ?? null,
    subplatform: data.subplatform ?? null,
  }
}
