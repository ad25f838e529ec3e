import { commandResult } from '../machine/command-result.ts'
import type { Disks } from '../machine/disks.ts'
import { HttpFailure, LinkError, MountError } from '../machine/errors.ts'
import type { Files } from '../machine/files.ts'
import type { Http } from '../machine/http.ts'
import { httpResponse } from '../machine/http-response.ts'
import type { Links } from '../machine/links.ts'
import type { Machine } from '../machine/machine.ts'
import { planMachine } from '../machine/plan.ts'
import type { SimulatedCloud } from './cloud.ts'
import { leaseOf } from './lease.ts'

/** Services that only a cloud has: on another one nobody answers there. */
const cloudOnly = /^(169\.254\.|168\.63\.129\.16$|metadata\.google\.internal$|metadata$|\[?f[de][0-9a-f]{2}:)/

const mountFolder = '/run/firstlight-simulated-disks'

/**
 * This machine as it would be on a cloud, for a plan: DMI, kernel command line, links, disks, leases and metadata services
 * are the cloud's; all other files and addresses are the machine's own. Nothing is written, and nobody listens: requests
 * to the cloud are answered in this process. An instance that the machine was before is not seen.
 */
export const machineOnCloud = (base: Machine, cloud: SimulatedCloud): Machine => {
  const inner = planMachine(base)
  plantFacts(inner.as('plan').files, cloud)
  const asActor = (machine: Machine): Machine => ({
    ...machine,
    http: httpOf(machine, cloud),
    links: linksOf(cloud),
    disks: disksOf(machine, cloud),
    ask: async (argv, options) => {
      if (argv[0]?.split('/').at(-1) !== 'systemd-detect-virt') return machine.ask(argv, options)
      const isContainerQuestion = argv.some((word) => word === '-c' || word === '--container')
      return commandResult({ stdout: `${isContainerQuestion ? 'none' : cloud.virtualisation}\n` })
    },
    which: (command) => (command === 'systemd-detect-virt' ? `/usr/bin/${command}` : machine.which(command)),
    as: (actor) => asActor(machine.as(actor)),
  })
  return asActor(inner)
}

const plantFacts = (files: Files, cloud: SimulatedCloud): void => {
  files.write('/proc/cmdline', `${cloud.cmdline}\n`)
  for (const folder of ['/sys/class/dmi/id', '/sys/class/net', '/sys/firmware/dmi', '/sys/hypervisor']) {
    files.remove(folder)
  }
  for (const [field, value] of Object.entries(cloud.dmi)) files.write(`/sys/class/dmi/id/${field}`, `${value}\n`)
  for (const [position, link] of cloud.links.entries()) plantLink(files, link, position + 2)
  for (const folder of ['/run/cloud-init', '/var/lib/cloud/instance', '/var/lib/cloud/seed', '/var/lib/cloud/data']) {
    files.remove(folder)
  }
  files.write('/run/cloud-init/cloud.cfg', `datasource_list: [ ${cloud.datasource}, None ]\n`)
}

const plantLink = (files: Files, { name, mac, driver }: SimulatedCloud['links'][number], index: number): void => {
  const facts = {
    address: mac,
    ifindex: index,
    operstate: 'up',
    carrier: 1,
    addr_assign_type: 0,
    dev_id: '0x0',
    type: 1,
  }
  for (const [fact, value] of Object.entries(facts)) files.write(`/sys/class/net/${name}/${fact}`, `${value}\n`)
  files.symlink(`../../../../bus/virtual/drivers/${driver}`, `/sys/class/net/${name}/device/driver`)
}

const httpOf = (machine: Machine, cloud: SimulatedCloud): Http => {
  const own = new Set([...cloud.serviceAddresses, ...Object.keys(cloud.hosts ?? {})])
  return {
    request: async (request) => {
      // A zone in an address (`[fe80::1%25eth0]`) is no part of a URL as the parser knows it.
      const { hostname, pathname, searchParams } = new URL(request.url.replace(/%25[^\]]*\]/, ']'))
      const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
      if (cloud.handle && own.has(hostname.replace(/[[\]]/g, ''))) {
        const answer = cloud.handle({
          method: request.method ?? 'GET',
          path: pathname,
          query: searchParams,
          headers: Object.fromEntries(headers),
          body: Buffer.from(request.body ?? '').toString('utf8'),
        })
        return httpResponse({ url: request.url, ...answer })
      }
      if (!cloudOnly.test(hostname)) return machine.http.request(request)
      throw new HttpFailure(request.url, 'unreachable', 'the simulated cloud has no such service')
    },
  }
}

const linksOf = ({ links, leaseOptions }: SimulatedCloud): Links => ({
  up: async () => undefined,
  dhcp: async (name) => {
    const link = links.find((candidate) => candidate.name === name)
    if (!link) throw new LinkError(name, 'the simulated cloud has no such link')
    const { address, options } = leaseOf(link, leaseOptions)
    return { interface: name, options: { ...options, 'fixed-address': address } }
  },
  linkLocal: async () => undefined,
  release: async () => undefined,
  addresses: async () => [],
})

const disksOf = ({ files, disks: own }: Machine, { disks = [] }: SimulatedCloud): Disks => ({
  // The root file system and its disk stay this machine's.
  readBytes: (device, offset, length) => own.readBytes(device, offset, length),
  flush: async () => undefined,
  list: async () => disks.map(({ device, label, type }) => ({ path: device, label, type, isPartition: false })),
  withMounted: async (device, use) => {
    const index = disks.findIndex((disk) => disk.device === device)
    const disk = disks[index]
    if (!disk) throw new MountError(device, 'the simulated cloud has no such disk')
    const folder = `${mountFolder}/${index}`
    for (const [path, content] of Object.entries(disk.files)) files.write(`${folder}/${path}`, content)
    return use(folder)
  },
})
