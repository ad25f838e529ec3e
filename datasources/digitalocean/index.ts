import { fromMetadata } from '../../src/instance/from-metadata.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { jsonObjectOf, requestWithRetries } from '../../src/machine/http-retry.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { listNics, nicNamesByMac } from '../../src/network/nics.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { readSettings } from '../../src/platform/settings.ts'
import { withLinkLocal } from '../../src/platform/temporary-link.ts'
import { networkConfig } from './network.ts'
import { type DropletMetadata, readInterfaces, readMetadata } from './schema.ts'

const id = 'DigitalOcean'

const fetch = async ({ machine, platform, settings }: DatasourceContext): Promise<InstanceData> => {
  const serial = platform.dmi.productSerial
  if (serial === '') {
    throw new DatasourceError(id, 'SMBIOS has no serial number, which is the Droplet id: ask DigitalOcean support')
  }
  const own = readSettings(id, settings, machine.log)
  const url = own.text('metadata_url', 'http://169.254.169.254/metadata/v1.json')
  const read = async (): Promise<JsonObject> => {
    const retries = own.number('retries', 30)
    const secondsBetween = own.number('wait_retry', 2)
    const timeoutSeconds = own.number('timeout', 2, 0.1)
    return jsonObjectOf(await requestWithRetries(machine, { url }, { retries, secondsBetween, timeoutSeconds }))
  }
  const nic = own.boolean('use_ip4LL', true) ? firstNic(machine) : undefined
  const document = nic === undefined ? await read() : await withLinkLocal(machine, nic, read)
  const metadata = readMetadata(document, serial)
  const network = networkOf(machine, metadata)
  return {
    ...fromMetadata({
      'instance-id': metadata.dropletId,
      'local-hostname': metadata.hostname,
      interfaces: metadata.interfaces ?? null,
      'public-keys': metadata.publicKeys,
      availability_zone: metadata.region,
    }),
    instanceId: String(metadata.dropletId),
    subplatform: `metadata (${url})`,
    ...(metadata.userData !== undefined && { userData: Buffer.from(metadata.userData) }),
    ...(metadata.vendorData !== null && { vendorData: metadata.vendorData }),
    ...(network && { networkConfig: network }),
  }
}

/** Metadata is on the first interface, even before that has an address. */
const firstNic = (machine: Machine): string | undefined => listNics(machine).find((nic) => nic.isPhysical)?.name

/** Bad network metadata must not cost the rest: without it the first interface gets DHCP. */
const networkOf = (machine: Machine, { interfaces, nameservers }: DropletMetadata): JsonObject | undefined => {
  if (!interfaces) {
    machine.log.warning(`${id}: the metadata has no interfaces; the usual network configuration is used`)
    return undefined
  }
  try {
    return networkConfig(readInterfaces(interfaces), nameservers, nicNamesByMac(machine))
  } catch (error) {
    machine.log.warning(`${messageOf(error)}; the usual network configuration is used`)
    return undefined
  }
}

/** DigitalOcean Droplets: one JSON document, read over a link-local address before the network is up. */
export default defineDatasource({
  id,
  stages: ['local'],
  detect: ({ platform }) => platform.dmi.sysVendor === 'DigitalOcean',
  fetch,
  checkInstanceId: ({ platform }, storedId) =>
    storedId !== '' && storedId.toLowerCase() === platform.dmi.productSerial.toLowerCase(),
})
