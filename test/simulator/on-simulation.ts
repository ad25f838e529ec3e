import { datasources } from '../../datasources/index.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import type { HttpRequest, HttpResponse } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import { objectAt } from '../../src/machine/json.ts'
import { liveHttp } from '../../src/machine/live-http.ts'
import { type MemoryFile, type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import type { DatasourceContext, DatasourceStage } from '../../src/platform/datasource.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'
import type { Simulation } from '../../src/simulator/index.ts'

export type Asking = (request: HttpRequest) => Promise<HttpResponse>

const overTheWire = (): Asking => {
  const http = liveHttp()
  return (request) => http.request(request)
}

/** What a simulated cloud shows a machine, as files of a made-up one. */
export const filesOn = (cloud: SimulatedCloud): Record<string, MemoryFile> => {
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

/** A made-up machine on a simulated cloud; by default with real HTTP between the two. */
export const machineOn = ({ cloud }: Pick<Simulation, 'cloud'>, ask: Asking = overTheWire()): MemoryMachine =>
  memoryMachine({
    files: filesOn(cloud),
    disks: (cloud.disks ?? []).map(({ device, label, type, files }) => ({ path: device, label, type, files })),
    leases: Object.fromEntries(
      cloud.links.map(({ name, address, router }) => [
        name,
        { 'fixed-address': address.split('/', 1)[0] ?? '', routers: router, ...cloud.leaseOptions },
      ]),
    ),
    commands: { 'systemd-detect-virt': `${cloud.virtualisation}\n` },
    http: ask,
  })

/** Reads the simulated cloud with the real datasource. */
export const readSimulation = async (
  simulation: Pick<Simulation, 'cloud' | 'config'>,
  stage: DatasourceStage,
  ask?: Asking,
): Promise<{ data: InstanceData | undefined; context: DatasourceContext; machine: MemoryMachine }> => {
  const { cloud, config } = simulation
  const machine = machineOn(simulation, ask)
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

const answerOf = (
  cloud: SimulatedCloud,
  { url, method = 'GET', headers = {}, body = '' }: HttpRequest,
): HttpResponse => {
  const { pathname, searchParams } = new URL(url.replace(/%25?[a-z0-9]+\]/, ']'))
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const request = { method, path: pathname, query: searchParams, headers: lowered, body: String(body) }
  return httpResponse({ url, ...cloud.handle?.(request) })
}

/**
 * The cloud without a network: it answers only when nobody has anything more to ask, and then all that was asked. So
 * `rounds` is how many requests waited for each other, whatever the machine that runs the test is busy with.
 */
export const inRounds = (cloud: SimulatedCloud): { readonly ask: Asking; rounds(): number } => {
  let waiting: (() => void)[] = []
  let rounds = 0
  const whenQuiet = (count: number, turns: number): void => {
    setImmediate(() => {
      if (waiting.length !== count) return
      if (turns > 0) {
        whenQuiet(count, turns - 1)
        return
      }
      const answers = waiting
      waiting = []
      rounds += 1
      for (const answer of answers) answer()
    })
  }
  return {
    rounds: () => rounds,
    ask: (request) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(answerOf(cloud, request)))
        whenQuiet(waiting.length, 20)
      }),
  }
}
