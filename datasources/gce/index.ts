import type { InstanceData } from '../../src/instance/instance-data.ts'
import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { neverRetry, type RetryOptions, requestWithRetries } from '../../src/machine/http-retry.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { candidateNics } from '../../src/network/nics.ts'
import { lenientBase64 } from '../../src/platform/base64.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { readSettings } from '../../src/platform/settings.ts'
import { askByLink } from '../../src/platform/temporary-link.ts'
import { textAttribute } from './attributes.ts'
import { keyLinesOf, publicKeysFor } from './keys.ts'
import { flavor, type GceMetadata, isUnresolved, readMetadata } from './read-metadata.ts'

const id = 'GCE'
/** The interface that Google's images have first. */
const firstLink = 'ens4'

const usualBase = 'http://metadata.google.internal/computeMetadata/v1/'
/** The same server where nobody resolves names: on a temporary link there is no resolver (Google, "About VM metadata"). */
const baseByAddress = 'http://169.254.169.254/computeMetadata/v1/'
/** And where there is no IPv4. */
const baseByIpv6 = 'http://[fd20:ce::254]/computeMetadata/v1/'

const baseOf = ({ machine, settings }: DatasourceContext): string =>
  readSettings(id, settings, machine.log).text('metadata_url', usualBase)

const retryOf = ({ settings, machine }: DatasourceContext): RetryOptions => {
  const own = readSettings(id, settings, machine.log)
  return {
    retries: own.number('retries', 5),
    secondsBetween: own.number('sec_between_retries', 1),
    timeoutSeconds: own.number('timeout', 10, 0.1),
  }
}

const read = async (context: DatasourceContext): Promise<InstanceData | undefined> => {
  const retry = retryOf(context)
  const base = baseOf(context)
  const metadata = await readMetadata(context.machine, base, retry)
  if (metadata !== 'unresolved') return metadata && instanceOf(context, base, metadata)
  if (base !== usualBase) return undefined
  // Asked once: on another cloud nobody is there.
  const atAddress = await readMetadata(context.machine, baseByAddress, { ...retry, retries: 0 })
  return atAddress === 'unresolved' || !atAddress ? undefined : instanceOf(context, baseByAddress, atAddress)
}

/** Asked twice: while it is, a lease may still come. */
const readByIpv6 = async (context: DatasourceContext): Promise<InstanceData | undefined> => {
  const base = baseOf(context)
  const asked = base === usualBase ? baseByIpv6 : base
  const metadata = await readMetadata(context.machine, asked, { ...retryOf(context), retries: 1 })
  return metadata === 'unresolved' || !metadata ? undefined : instanceOf(context, asked, metadata)
}

const instanceOf = (context: DatasourceContext, base: string, metadata: GceMetadata): InstanceData => {
  const { instance, project } = metadata
  const zone = metadata.zone.split('/').at(-1) ?? ''
  const lines = keyLinesOf(instance, project)
  const userData = userDataOf(context, instance)
  return {
    instanceId: metadata.id,
    localHostname: metadata.hostname.split('.', 1)[0] ?? '',
    publicKeys: publicKeysFor(lines, context.defaultUser, context.machine.clock.now()),
    availabilityZone: zone,
    region: zone.replace(/-[^-]*$/, ''),
    subplatform: `metadata (${base})`,
    updateEvents: { network: ['boot-new-instance', 'boot'] },
    ...(userData && { userData }),
    metadata: {
      'instance-id': metadata.id,
      'availability-zone': zone,
      'local-hostname': metadata.hostname,
      'public-keys-data': lines,
      'instance-data': instance,
      'project-data': project,
    },
  }
}

/** Attribute `user-data`, encoded as `user-data-encoding` says. */
const userDataOf = ({ machine }: DatasourceContext, instance: JsonObject): Uint8Array | undefined => {
  const text = textAttribute(instance, 'instance', 'user-data')
  const encoding = textAttribute(instance, 'instance', 'user-data-encoding')
  if (text === undefined) return undefined
  if (encoding === 'base64') {
    const bytes = lenientBase64(text)
    if (bytes) return bytes
    throw new DatasourceError(id, 'instance/attributes/user-data is said to be base64, but is not')
  }
  if (encoding) machine.log.warning(`instance/attributes/user-data-encoding: ${encoding} is not known and ignored`)
  return Buffer.from(text)
}

/** Before the network is up: the first interface that gets a lease and through which the metadata can be read. */
const readBeforeNetwork = async (context: DatasourceContext): Promise<InstanceData | undefined> => {
  const { machine } = context
  for (const { name } of candidateNics(machine, firstLink)) {
    try {
      const data = await askByLink(machine, name, 'router', (family) =>
        family === 4 ? read(context) : readByIpv6(context),
      )
      if (data) return { ...data, fallbackLink: name }
    } catch (error) {
      // The network stage asks again, and reports it.
      machine.log.info(`no metadata through ${name}: ${messageOf(error)}`)
    }
  }
  return undefined
}

const publishHostKeys = async (context: DatasourceContext, hostKeys: readonly string[]): Promise<void> => {
  const { machine } = context
  const put = (base: string, type: string, body: string) => {
    const url = `${base}instance/guest-attributes/hostkeys/${encodeURIComponent(type)}`
    return requestWithRetries(machine, { url, method: 'PUT', headers: flavor, body }, { rule: neverRetry })
  }
  const base = baseOf(context)
  const publish = async (line: string): Promise<void> => {
    const [type = '', body = ''] = line.split(/\s+/)
    try {
      await put(base, type, body).catch((error: unknown) => {
        if (base !== usualBase || !isUnresolved(error)) throw error
        return put(baseByAddress, type, body)
      })
    } catch (error) {
      machine.log.warning(`the ${type} host key is not published (are guest attributes enabled?): ${messageOf(error)}`)
    }
  }
  await Promise.all(hostKeys.map(publish))
}

/** Google Compute Engine: five documents of the metadata server, asked for all at once. */
export default defineDatasource({
  id,
  stages: ['local', 'network'],
  detect: ({ platform: { dmi } }) =>
    dmi.productName === 'Google Compute Engine' ||
    dmi.productName === 'Google' ||
    dmi.productSerial.startsWith('GoogleCloud-'),
  fetch: (context) => (context.stage === 'local' ? readBeforeNetwork(context) : read(context)),
  publishHostKeys,
})
