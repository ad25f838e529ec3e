import type { InstanceData } from '../../src/instance/instance-data.ts'
import { CommandError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { composeInstance } from './compose.ts'
import type { Fabric } from './fabric.ts'
import { ProvisioningFailure } from './failure.ts'
import { byMetadataAlone, type Findings, isCustomDataMissing } from './findings.ts'
import { fetchImds, type Imds, ImdsFailure, ignoredImds } from './imds.ts'
import { findMedia } from './media.ts'
import { keepCopy, minimalCopy, redactedCopy } from './ovf-copy.ts'
import type { OvfEnv } from './ovf-env.ts'
import { waitForUser } from './pool.ts'
import { isMarked, type Preprovisioning, poolTypes, preprovisioningOf, unmark } from './preprovisioning.ts'
import { keysByCertificate, keysByValue, needCertificates } from './public-keys.ts'
import type { AzureSettings } from './settings.ts'

/**
 * Provisions this machine as Azure wants it: reads the media and the instance metadata, tells the fabric that it is ready.
 * @throws ProvisioningFailure, or what else kept something needed from being read; not reported yet.
 */
export const provision = async (
  context: DatasourceContext,
  settings: AzureSettings,
  fabric: Fabric,
): Promise<InstanceData> => {
  const { machine, paths } = context
  const media = await findMedia(machine, { seed: `${paths.cloud}/seed/azure`, copy: settings.dataFolder })
  const isProvisioning = !media || media.isDevice
  await fabric.connect(isProvisioning ? settings.dhcpSeconds.needed : settings.dhcpSeconds.useful)
  const wasMarked = isMarked(context)
  if (!wasMarked && !settings.skipReadyReport) fabric.askAhead()
  const imds = await askMetadata(machine, settings, fabric, media?.ovf)
  if (!imds && !media) throw new Error('No OVF or IMDS available')
  const asFound: Findings = {
    ovf: media?.ovf,
    imds,
    source: media?.source ?? byMetadataAlone,
    drive: media?.isDevice ? media.source : undefined,
    poolType: 'None',
  }
  const waiting = preprovisioningOf({ isMarked: wasMarked, ovf: media?.ovf, byMetadata: imds?.preprovisioningType })
  const findings = waiting ? await afterPool(context, settings, fabric, asFound, waiting) : asFound
  await checkCustomData(machine, settings, fabric, findings)
  const canEndWell = fabric.isUp && !fabric.hasReported
  const mediaKeys = await reportReady(machine, settings, fabric, findings)
  if (canEndWell) unmark(context)
  keepCopy(machine, settings.dataFolder, copyOf(findings))
  return composeInstance(context, settings, findings, mediaKeys)
}

/** What is found once the machine has left the pool: everything is read anew, for its user. */
const afterPool = async (
  context: DatasourceContext,
  settings: AzureSettings,
  fabric: Fabric,
  inPool: Findings,
  how: Preprovisioning,
): Promise<Findings> => {
  const { machine } = context
  const ovf = await waitForUser(context, settings, fabric, how, () =>
    fabric.reportReady(async () => {
      if (inPool.drive !== undefined) await eject(machine, inPool.drive)
    }),
  )
  if (!settings.skipReadyReport) fabric.askAhead()
  const imds = await askMetadata(machine, settings, fabric, ovf)
  const type = imds?.preprovisioningType
  if (type !== undefined && type !== null && type !== 'None') {
    const key = 'extended.compute.ppsType'
    const details = { key, value: String(type), type: 'str' }
    await fabric.reportFailure(new ProvisioningFailure(`invalid IMDS metadata for key=${key}`, details))
  }
  const drive = how === 'unknown' ? inPool.drive : undefined
  return { ovf, imds, source: byMetadataAlone, drive, poolType: poolTypes[how] }
}

/** undefined: the metadata is done without; the reason was logged, and reported where that is a failure. */
const askMetadata = async (
  machine: Machine,
  settings: AzureSettings,
  fabric: Fabric,
  ovf: OvfEnv | undefined,
): Promise<Imds | undefined> => {
  if (!fabric.isUp) return undefined
  if (ovf?.waitsForProxyAgent) await waitForProxyAgent(machine, fabric)
  const { isImdsRouted: isRouted } = fabric
  try {
    return await fetchImds(machine, { url: settings.imdsUrl, maxSeconds: settings.imdsSeconds, isRouted })
  } catch (error) {
    if (!(error instanceof ImdsFailure)) throw error
    machine.log.warning(ignoredImds(error, settings.imdsUrl))
    // Azure Stack may be without the service: there it is no failure.
    if (isRouted || !error.isSilent) await fabric.reportFailure(error.report)
    return undefined
  }
}

const proxyAgentStatus = ['azure-proxy-agent', '--status', '--wait', '120']

/** github.com/Azure/GuestProxyAgent: until it is ready neither the metadata service nor the wire server can be reached. */
const waitForProxyAgent = async (machine: Machine, fabric: Fabric): Promise<void> => {
  if (!machine.which('azure-proxy-agent')) {
    machine.log.error('ovf-env.xml asks for the guest proxy agent, but azure-proxy-agent is not installed')
    await fabric.reportFailure(new ProvisioningFailure('azure-proxy-agent not found'))
    return
  }
  try {
    await machine.ask(proxyAgentStatus, { timeoutSeconds: 180 })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    machine.log.error(`the guest proxy agent that ovf-env.xml asks for is not ready: ${messageOf(error)}`)
    const { exitCode, stdout, stderr } = error
    const details = { exit_code: exitCode ?? null, stdout, stderr }
    await fabric.reportFailure(new ProvisioningFailure('azure-proxy-agent status failure', details))
  }
}

const checkCustomData = async (
  machine: Machine,
  settings: AzureSettings,
  fabric: Fabric,
  findings: Findings,
): Promise<void> => {
  if (!isCustomDataMissing(findings)) return
  if (!settings.failOnMissingCustomData) {
    machine.log.warning(`Azure says that there is custom data, but ${findings.source} has none`)
    return
  }
  await fabric.reportFailure(
    new ProvisioningFailure('failure to read customData while hasCustomData=true', {
      pps_type: findings.poolType,
      provisioning_media: findings.source,
    }),
  )
}

/** The media's public keys, where they are needed. A report that does not get through is no reason to stop. */
const reportReady = async (
  machine: Machine,
  settings: AzureSettings,
  fabric: Fabric,
  { ovf, imds, drive }: Findings,
): Promise<readonly string[]> => {
  const wanted = imds?.publicKeys ? [] : (ovf?.publicKeys ?? [])
  let keys = keysByValue(wanted)
  if (!fabric.isUp || fabric.hasReported || settings.skipReadyReport) return keys
  try {
    await fabric.reportReady(async (goalState, wire) => {
      if (needCertificates(wanted)) {
        keys = await keysByCertificate(machine, wanted, { goalState, wire, folder: settings.dataFolder })
      }
      if (drive !== undefined) await eject(machine, drive)
    })
    machine.log.info('Azure knows that this machine is ready')
  } catch (error) {
    machine.log.warning(`Azure could not be told that provisioning succeeded: ${messageOf(error)}`)
  }
  return keys
}

const eject = async (machine: Machine, drive: string): Promise<void> => {
  if (!machine.which('eject')) return
  try {
    await machine.run(['eject', drive], { timeoutSeconds: 30 })
  } catch (error) {
    machine.log.warning(`the provisioning media stays in its drive: ${messageOf(error)}`)
  }
}

const copyOf = ({ ovf, imds }: Findings): string =>
  ovf
    ? redactedCopy(ovf.document)
    : minimalCopy({
        username: imds?.username,
        hostname: imds?.hostname,
        disablePasswordAuth: imds?.disablePasswordAuth,
      })
