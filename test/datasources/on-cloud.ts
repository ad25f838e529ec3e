import { defaultPaths } from '../../src/instance/paths.ts'
import { HttpFailure } from '../../src/machine/errors.ts'
import type { HttpRequest } from '../../src/machine/http.ts'
import { httpResponse } from '../../src/machine/http-response.ts'
import type { JsonObject } from '../../src/machine/json.ts'
import { type MemoryFile, type MemoryMachine, type MemoryOptions, memoryMachine } from '../../src/machine/memory.ts'
import type { DatasourceContext, DatasourceStage } from '../../src/platform/datasource.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'

/** What a test wants otherwise than the simulated cloud has it. */
export interface Circumstances {
  readonly files?: Readonly<Record<string, MemoryFile>>
  readonly settings?: JsonObject
  readonly config?: JsonObject
  readonly stage?: DatasourceStage
  readonly leases?: MemoryOptions['leases']
  readonly disks?: MemoryOptions['disks']
  /** Before the cloud is asked: an answer of another kind. */
  readonly instead?: (
    request: HttpRequest,
    attempt: number,
  ) => ReturnType<typeof httpResponse> | HttpFailure | undefined
}

/** How long every answer takes on the machine's clock. */
export const answerMilliseconds = 20

/** One request on the machine's clock. */
export interface TimedRequest {
  readonly url: string
  readonly start: number
  readonly end: number
}

export interface OnCloud {
  readonly machine: MemoryMachine
  readonly context: DatasourceContext
  readonly timed: readonly TimedRequest[]
}

/** A made-up machine on a simulated cloud. */
export const onCloud = async (cloud: SimulatedCloud, circumstances: Circumstances = {}): Promise<OnCloud> => {
  const { files = {}, settings = {}, config = {}, stage = 'network' } = circumstances
  const timed: TimedRequest[] = []
  const attempts = new Map<string, number>()
  const answer = (request: HttpRequest) => {
    const attempt = (attempts.get(request.url) ?? 0) + 1
    attempts.set(request.url, attempt)
    const other = circumstances.instead?.(request, attempt)
    if (other !== undefined) return other
    const url = new URL(request.url.replace(/%25[^\]]*\]/, ']'))
    if (!cloud.serviceAddresses.includes(url.hostname.replace(/[[\]]/g, '')) || !cloud.handle)
      return new HttpFailure(request.url, 'unreachable', 'network unreachable')
    const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
    const said = cloud.handle({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: Object.fromEntries(headers),
      body: Buffer.from(request.body ?? '').toString('utf8'),
    })
    return httpResponse({ url: request.url, ...said })
  }
  const links = cloud.links.map(({ name, mac, driver }, position) => linkFiles(name, mac, driver, position))
  const dmi = Object.entries(cloud.dmi).map(([field, text]) => [`/sys/class/dmi/id/${field}`, `${text}\n`])
  const disks = (cloud.disks ?? []).map(({ device, label, type, files: content }) => ({
    path: device,
    label,
    type,
    files: content,
  }))
  const machine = memoryMachine({
    files: {
      '/proc/cmdline': `${cloud.cmdline}\n`,
      '/proc/sys/kernel/ostype': 'Linux\n',
      '/proc/sys/kernel/version': '#1 SMP\n',
      '/proc/sys/kernel/arch': 'x86_64\n',
      ...Object.fromEntries(dmi),
      ...Object.assign({}, ...links),
      ...files,
    },
    commands: { 'systemd-detect-virt': `${cloud.virtualisation}\n` },
    disks: circumstances.disks ?? disks,
    leases: circumstances.leases ?? {},
    http: async (request, self) => {
      const start = self.clock.monotonic()
      await self.clock.pass(answerMilliseconds)
      timed.push({ url: request.url, start, end: self.clock.monotonic() })
      return answer(request)
    },
  })
  const context: DatasourceContext = {
    machine,
    platform: await gatherPlatform(machine),
    stage,
    settings,
    config,
    paths: defaultPaths,
    distro: 'debian',
    defaultUser: 'debian',
    renderer: 'netplan',
  }
  return { machine, context, timed }
}

const linkFiles = (name: string, mac: string, driver: string, position: number): Record<string, MemoryFile> => {
  const folder = `/sys/class/net/${name}`
  return {
    [`${folder}/address`]: `${mac}\n`,
    [`${folder}/ifindex`]: `${position + 2}\n`,
    [`${folder}/operstate`]: 'up\n',
    [`${folder}/carrier`]: '1\n',
    [`${folder}/addr_assign_type`]: '0\n',
    [`${folder}/device/driver`]: { link: `../../../../bus/drivers/${driver}` },
  }
}
