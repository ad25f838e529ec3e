import { isJsonObject, type Json, type JsonObject, objectAt } from '../machine/json.ts'
import type { InstanceData } from './instance-data.ts'
import { publicKeysOf } from './public-keys.ts'

/** A scalar as text; empty text and everything else count as absent. */
const scalarText = (value: Json | undefined): string | undefined => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The parts of InstanceData that stand in metadata under their usual names. */
export type MetadataParts = Pick<
  InstanceData,
  'localHostname' | 'publicKeys' | 'availabilityZone' | 'region' | 'cloudName' | 'launchIndex' | 'metadata'
>

/**
 * Metadata that names things as cloud-init does: `local-hostname`, `public-keys`, `availability-zone` (or
 * `availability_zone`, or below `placement`), `region`, `cloud-name`, `launch-index`. The instance id is left to the
 * caller: its default differs.
 */
export const fromMetadata = (metadata: JsonObject): MetadataParts => {
  const localHostname = scalarText(metadata['local-hostname'])
  const availabilityZone =
    scalarText(metadata['availability-zone'] ?? metadata['availability_zone']) ??
    scalarText(objectAt(metadata, 'placement')['availability-zone'])
  const region = scalarText(metadata['region'])
  const cloudName = metadata['cloud-name']
  const launchIndex = metadata['launch-index']
  return {
    metadata,
    publicKeys: publicKeysOf(metadata['public-keys']),
    ...(localHostname !== undefined && { localHostname }),
    ...(availabilityZone !== undefined && { availabilityZone }),
    ...(region !== undefined && { region }),
    ...(typeof cloudName === 'string' && cloudName !== '' && { cloudName: cloudName.toLowerCase() }),
    ...(launchIndex !== undefined && !isJsonObject(launchIndex) && { launchIndex }),
  }
}
