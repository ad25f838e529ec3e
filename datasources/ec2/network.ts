import { messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type JsonObject } from '../../src/machine/json.ts'
import {
  type Ec2Nic,
  hasIpv4,
  isEc2Classic,
  needsPolicyRouting,
  networkFromEc2,
  networkFromEc2Primary,
  orderEc2Nics,
} from '../../src/network/from-ec2.ts'
import { fallbackNic, listNics } from '../../src/network/nics.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { withLease } from '../../src/platform/temporary-link.ts'

/** Network config by the metadata, and when it is to be applied. */
export interface Ec2Network {
  readonly networkConfig?: JsonObject
  readonly updateEvents: Readonly<Record<string, readonly string[]>>
}

/** Only they can say which routing table is for which source address. */
const routesByPolicy: ReadonlySet<string> = new Set(['netplan', 'networkd'])

const usualEvents = ['boot-new-instance', 'hotplug']

/**
 * @param link the interface by which the metadata was reached, when that is known
 * @param isFull configure all interfaces, not only that one
 */
export const networkOf = async (
  context: DatasourceContext,
  metadata: JsonObject,
  link: string | undefined,
  isFull: boolean,
): Promise<Ec2Network> => {
  const network = metadata['network']
  if (!isJsonObject(network)) {
    context.machine.log.warning('the metadata has no network; the usual network configuration is used')
    return { updateEvents: { network: usualEvents } }
  }
  const networkConfig = isFull ? await fullNetwork(context, network) : primaryNetwork(context, network, link)
  return {
    ...(networkConfig && { networkConfig }),
    // Outside a VPC the MAC addresses change at every start: then the configuration must, too.
    updateEvents: { network: isEc2Classic(network) ? [...usualEvents, 'boot', 'boot-legacy'] : usualEvents },
  }
}

const primaryNetwork = ({ machine }: DatasourceContext, network: JsonObject, link: string | undefined) => {
  const nic = listNics(machine).find(({ name }) => name === link) ?? fallbackNic(machine)
  return nic && networkFromEc2Primary(network, nic)
}

const fullNetwork = async (context: DatasourceContext, network: JsonObject): Promise<JsonObject> => {
  const { machine } = context
  const nics = listNics(machine)
  const policyRouting = routesByPolicy.has(context.renderer)
  const routed = policyRouting ? orderEc2Nics(network, nics).filter(needsGateway) : []
  const gateways: Record<string, string> = {}
  for (const { name } of routed) {
    const gateway = await gatewayOf(context, name)
    if (gateway !== undefined) gateways[name] = gateway
  }
  return networkFromEc2(network, {
    nics,
    policyRouting,
    gateways,
    warn: (message) => machine.log.warning(message),
  })
}

/** Where there is no IPv4, nobody would answer DHCP. */
const needsGateway = (nic: Ec2Nic): boolean => needsPolicyRouting(nic) && hasIpv4(nic)

/** The metadata does not name gateways; DHCP does. */
const gatewayOf = async ({ machine }: DatasourceContext, link: string): Promise<string | undefined> => {
  try {
    return await withLease(machine, link, async ({ options }) => options['routers']?.split(/[\s,]+/)[0])
  } catch (error) {
    machine.log.warning(`${link} gets no default route of its own, its gateway is unknown: ${messageOf(error)}`)
    return undefined
  }
}
