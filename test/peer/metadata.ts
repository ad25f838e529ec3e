import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { defaultPaths } from '../../src/instance/paths.ts'
import { objectAt } from '../../src/machine/json.ts'
import { liveMachine } from '../../src/machine/live.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'
import { findDatasource } from '../../src/platform/find-datasource.ts'
import type { CloudName, Simulation } from '../../src/simulator/index.ts'

export interface MetadataCost {
  readonly cloud: CloudName
  readonly requests: number
  /** Requests that waited for each other. */
  readonly chain: number
  readonly milliseconds: number
}

const services: readonly CloudName[] = ['ec2', 'gce', 'digitalocean', 'azure', 'openstack-service']

/** What each cloud's metadata costs a boot when the service takes 20 ms for an answer. */
export const measureClouds = async (): Promise<MetadataCost[]> => {
  const costs: MetadataCost[] = []
  for (const cloud of services) costs.push(await measureCloud(cloud))
  return costs
}

const measureCloud = async (name: CloudName): Promise<MetadataCost> => {
  const server = fork(join(import.meta.dirname, 'serve-cloud.ts'), [name, '20'], { execArgv: ['--import', 'tsx'] })
  const { cloud, config } = await received<Pick<Simulation, 'cloud' | 'config'>>(server)
  const dmi = Object.entries(cloud.dmi).map(([field, text]) => [`/sys/class/dmi/id/${field}`, text])
  const nics = cloud.links.flatMap(({ name: nic, mac, driver }, index) => [
    [`/sys/class/net/${nic}/device/driver`, { link: `/sys/bus/drivers/${driver}` }],
    [`/sys/class/net/${nic}/address`, mac],
    [`/sys/class/net/${nic}/ifindex`, String(index + 2)],
    [`/sys/class/net/${nic}/operstate`, 'up'],
  ])
  const live = liveMachine()
  const machine = memoryMachine({
    files: { ...Object.fromEntries(dmi), ...Object.fromEntries(nics), '/proc/cmdline': cloud.cmdline },
    commands: { 'systemd-detect-virt': cloud.virtualisation },
    which: ['systemd-detect-virt'],
    http: (request) => live.http.request(request),
    ...(cloud.disks && {
      disks: cloud.disks.map(({ device, ...disk }) => ({ path: device, ...disk })),
    }),
    leases: Object.fromEntries(
      cloud.links.map(({ name: nic, address, router }) => [
        nic,
        { 'fixed-address': address.split('/', 1)[0] ?? '', routers: router, ...cloud.leaseOptions },
      ]),
    ),
  })
  const platform = await gatherPlatform(machine)
  const started = performance.now()
  const stages = ['local', 'network'] as const
  for (const stage of stages) {
    const found = await findDatasource([cloud.datasource], stage, (id) => ({
      machine: machine.as(`datasource:${id}`),
      platform,
      stage,
      settings: objectAt(objectAt(config, 'datasource'), id),
      config,
      paths: defaultPaths,
      distro: 'debian',
      defaultUser: 'debian',
      renderer: 'netplan',
    }))
    if (!found) continue
    const milliseconds = performance.now() - started
    server.send('done')
    return { cloud: name, milliseconds, ...(await received<Pick<MetadataCost, 'requests' | 'chain'>>(server)) }
  }
  server.kill()
  throw new Error(`${name}: nothing found`)
}

/** The next message of the cloud's process. */
const received = async <T>(server: ChildProcess): Promise<T> => {
  const [message] = await once(server, 'message')
  return message as T
}
