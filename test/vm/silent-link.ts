import type { SimulatedCloud, SimulatedLink } from '../../src/simulator/cloud.ts'
import type { CloudName } from '../../src/simulator/index.ts'
import { bootTrial, isProvisioned } from './trial.ts'

/** Nobody on it answers DHCP. */
const silent: SimulatedLink = {
  name: 'ens4',
  driver: 'virtio_net',
  mac: '52:54:00:99:99:99',
  address: '192.0.2.9/24',
  router: '192.0.2.1',
}

const textOf = (content: string | Uint8Array | undefined): string => Buffer.from(content ?? '').toString('utf8')

/** The seed wants DHCP on it, too. */
const withSeed = (cloud: SimulatedCloud): SimulatedCloud => {
  const disks = (cloud.disks ?? []).map((disk) => {
    const config = textOf(disk.files['network-config'])
    const more = `  second:\n    match: {macaddress: '${silent.mac}'}\n    dhcp4: true\n`
    return { ...disk, files: { ...disk.files, 'network-config': `${config}${more}` } }
  })
  return { ...cloud, disks }
}

interface NetworkData {
  links: { id: string; [key: string]: unknown }[]
  networks: unknown[]
}

/** The metadata service speaks of it, too. */
const withService = (cloud: SimulatedCloud): SimulatedCloud => {
  const { handle } = cloud
  if (!handle) return cloud
  return {
    ...cloud,
    handle: (request) => {
      const answer = handle(request)
      if (!request.path.endsWith('/network_data.json')) return answer
      const data: NetworkData = JSON.parse(textOf(answer.body))
      const link = { id: 'second', type: 'ovs', mtu: 1450, ethernet_mac_address: silent.mac }
      const network = { id: 'network1', type: 'ipv4_dhcp', link: 'second', network_id: 'network1' }
      const all = { ...data, links: [...data.links, link], networks: [...data.networks, network] }
      return { ...answer, body: JSON.stringify(all) }
    },
  }
}

const speaksOf: Partial<Record<CloudName, (cloud: SimulatedCloud) => SimulatedCloud>> = {
  nocloud: withSeed,
  'openstack-service': withService,
}

/** systemd-networkd-wait-online gives up after two minutes; the rest is a slow machine's boot. */
const longestSeconds = 210

/**
 * One of two links never gets a lease.
 * @param order where it is among the links that the kernel finds
 */
export const stayWithoutLease = (
  image: string,
  cloud: CloudName,
  order: 'first' | 'second',
): Promise<readonly string[]> =>
  bootTrial(image, {
    cloud,
    title: `${order} link silent`,
    orders: {
      silentMacs: [silent.mac],
      change: (usual) => {
        const changed = speaksOf[cloud]?.(usual) ?? usual
        return { ...changed, links: order === 'first' ? [silent, ...usual.links] : [...usual.links, silent] }
      },
      reachedBy: order === 'first' ? 1 : 0,
    },
    look: async (booted, check) => {
      await isProvisioned(booted, check)
      if (booted.loginSeconds > longestSeconds) check('seconds to login', String(booted.loginSeconds), '')
    },
  })
