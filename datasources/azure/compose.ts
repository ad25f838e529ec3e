import type { InstanceData } from '../../src/instance/instance-data.ts'
import { type JsonObject, objectAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { azureFallbackNetwork, networkFromAzure } from '../../src/network/from-azure.ts'
import { fallbackNic, listNics } from '../../src/network/nics.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { decodeBase64 } from './base64.ts'
import { byMetadataAlone, type Findings } from './findings.ts'
import { instanceIdOf } from './identity.ts'
import type { Imds } from './imds.ts'
import { configOf } from './media-config.ts'
import { unknownHostname } from './ovf-copy.ts'
import { type AzureSettings, resourceDisk } from './settings.ts'

/** Puts together what the media and the metadata say; where both do, the metadata is newer. */
export const composeInstance = async (
  context: DatasourceContext,
  settings: AzureSettings,
  findings: Findings,
  mediaKeys: readonly string[],
): Promise<InstanceData> => {
  const { machine } = context
  const { imds } = findings
  const instanceId = instanceIdOf(context.platform.dmi.productUuid, previousId(context))
  const localHostname = imds?.hostname || mediaHostname(settings, findings)
  const networkConfig = networkOf(machine, settings, imds)
  return {
    instanceId,
    ...(localHostname && { localHostname }),
    publicKeys: imds?.publicKeys ?? mediaKeys,
    cloudName: 'azure',
    platform: 'azure',
    subplatform: subplatformOf(findings.source),
    ...(imds?.region !== undefined && { region: imds.region }),
    ...(imds?.faultDomain !== undefined && { availabilityZone: imds.faultDomain }),
    userData: userDataOf(machine, findings),
    ...(networkConfig && { networkConfig }),
    config: await configFor(machine, findings),
    updateEvents: { network: ['boot', 'boot-new-instance'] },
    metadata: metadataOf(machine, findings, { instanceId, localHostname, mediaKeys }),
    checkInstanceId: true,
  }
}

/** A copy that was made without knowing a host name has this word in its place. */
const mediaHostname = (settings: AzureSettings, { ovf, source }: Findings): string | undefined =>
  source === settings.dataFolder && ovf?.hostname === unknownHostname ? undefined : ovf?.hostname

const previousId = ({ machine, paths, previousInstanceId }: DatasourceContext): string | undefined =>
  previousInstanceId ?? machine.files.readTextIfExists(`${paths.cloud}/data/instance-id`)

const subplatformOf = (source: string): string => {
  if (source === byMetadataAlone) return `imds (${source})`
  return source.startsWith('/dev/') ? `config-disk (${source})` : `seed-dir (${source})`
}

const userDataOf = (machine: Machine, { ovf, imds }: Findings): Uint8Array => {
  if (ovf?.customData?.length) return ovf.customData
  const bytes = decodeBase64(imds?.userData ?? '')
  if (!bytes) machine.log.warning('compute.userData of the metadata is not base64; it is ignored')
  return bytes ?? new Uint8Array()
}

const networkOf = (machine: Machine, settings: AzureSettings, imds: Imds | undefined): JsonObject | undefined => {
  const { secondaryAddresses, setName } = settings
  const warn = (message: string): void => machine.log.warning(message)
  const byMetadata =
    imds && settings.applyNetworkConfig
      ? networkFromAzure(imds.network, { nics: listNics(machine), secondaryAddresses, setName, warn })
      : undefined
  if (byMetadata) return byMetadata
  const nic = fallbackNic(machine)
  return nic && azureFallbackNetwork(nic)
}

const ephemeralDisk: JsonObject = {
  disk_setup: { ephemeral0: { table_type: 'gpt', layout: [100], overwrite: true } },
  fs_setup: [{ filesystem: 'ext4', device: 'ephemeral0.1' }],
}

const configFor = async (machine: Machine, { ovf, imds }: Findings): Promise<JsonObject> => {
  const config: JsonObject = ovf ? await configOf(ovf) : { system_info: { default_user: { name: '' } } }
  if (imds?.username) {
    const user = { ...objectAt(objectAt(config, 'system_info'), 'default_user'), name: imds.username }
    config['system_info'] = { default_user: user }
  }
  if (imds?.disablePasswordAuth !== undefined) config['ssh_pwauth'] = !imds.disablePasswordAuth
  return machine.files.exists(resourceDisk) ? { ...ephemeralDisk, ...config } : config
}

const metadataOf = (
  machine: Machine,
  { ovf, imds }: Findings,
  about: {
    readonly instanceId: string
    readonly localHostname: string | undefined
    readonly mediaKeys: readonly string[]
  },
): JsonObject => {
  const hostname = about.localHostname || (ovf ? undefined : '')
  const seed = machine.files.readBytesIfExists('/sys/firmware/acpi/tables/OEM0', 65_536)
  return {
    imds: imds?.raw ?? {},
    'instance-id': about.instanceId,
    ...(hostname !== undefined && { 'local-hostname': hostname }),
    ...(about.mediaKeys.length > 0 && { 'public-keys': [...about.mediaKeys] }),
    ...(seed?.length && { random_seed: Buffer.from(seed).toString('base64') }),
  }
}
