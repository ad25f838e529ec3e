import { datasources } from '../../datasources/index.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { objectAt } from '../../src/machine/json.ts'
import { liveHttp } from '../../src/machine/live-http.ts'
import { type MemoryFile, type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import type { DatasourceContext, DatasourceStage } from '../../src/platform/datasource.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'
import type { Simulation } from '../../src/simulator/index.ts'

/** What a simulated cloud shows a machine, as files of a made-up one. */
const filesOn = (cloud: SimulatedCloud): Record<string, MemoryFile> => {
  const files: Record<string, MemoryFile> = {
    '/proc/sys/kernel/ostype': 'Linux\n',
    '/proc/sys/kernel/version': '#1 SMP\n',
    '/proc/sys/kernel/arch': 'x86_64\n',
    '/proc/cmdline': `${cloud.cmdline}\n`,
    '/run/systemd/system/': '',
  }
  for (const [field, value] of Object.entries(cloud.dmi)) files[`/sys/class/dmi/id/${field}`] = `${value}\n`
  for (const [index, { name, mac, driver }] of cloud.links.entries()) {
    const facts = { address: mac, ifindex: index + 2, operstate: 'up', carrier: 1, type: 1 }
    for (const [fact, value] of Object.entries(facts)) files[`/sys/class/net/${name}/${fact}`] = `${value}\n`
    files[`/sys/class/net/${name}/device/driver`] = { link: `../../../bus/virtual/drivers/${driver}` }
  }
  return files
}

/** A made-up machine on a simulated cloud, with real HTTP between the two. */
export const machineOn = ({ cloud }: Pick<Simulation, 'cloud'>): MemoryMachine => {
  const http = liveHttp()
  return memoryMachine({
    files: filesOn(cloud),
    disks: (cloud.disks ?? []).map(({ device, label, type, files }) => ({ path: device, label, type, files })),
    leases: Object.fromEntries(
      cloud.links.map(({ name, address, router }) => [
        name,
        { 'fixed-address': address.split('/', 1)[0] ?? '', routers: router, ...cloud.leaseOptions },
      ]),
    ),
    commands: { 'systemd-detect-virt': `${cloud.virtualisation}\n` },
    http: (request) => http.request(request),
  })
}

/** Reads the simulated cloud with the real datasource. */
export const readSimulation = async (
  simulation: Pick<Simulation, 'cloud' | 'config'>,
  stage: DatasourceStage,
): Promise<{ data: InstanceData | undefined; context: DatasourceContext; machine: MemoryMachine }> => {
  const { cloud, config } = simulation
  const machine = machineOn(simulation)
  const datasource = await datasources[cloud.datasource]?.()
  if (!datasource) throw new Error(`no datasource ${cloud.datasource}`)
  const context: DatasourceContext = {
    machine,
    platform: await gatherPlatform(machine),
    stage,
    settings: objectAt(objectAt(config, 'datasource'), cloud.datasource),
    config,
    paths: defaultPaths,
    distro: 'debian',
    defaultUser: 'debian',
    renderer: 'netplan',
  }
  return { data: await datasource.fetch(context), context, machine }
}
