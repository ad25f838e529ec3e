import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SimulatedCloud } from '../../src/simulator/cloud.ts'
import type { RequestRecord } from '../../src/simulator/request-log.ts'
import { serve } from '../../src/simulator/server.ts'

const ip = (...words: string[]): void => {
  execFileSync('ip', words, { timeout: 10_000, stdio: ['ignore', 'ignore', 'inherit'] })
}

export interface CloudNetwork {
  /** TAP devices, one for each of the cloud's links. */
  readonly taps: readonly string[]
  readonly requests: readonly RequestRecord[]
  stop(): Promise<void>
}

export interface NetworkOptions {
  readonly folder: string
  /** No lease for anybody. */
  readonly isWithoutDhcp?: boolean
  /** The metadata service is not there before this resolves. */
  readonly opens?: Promise<void>
  /** Hardware addresses that get no lease. */
  readonly silentMacs?: readonly string[]
}

const prefixOf = (address: string): number => Number(address.split('/')[1] ?? '24')
/** A /32 lease (GCE) needs a server on the same link all the same. */
const linkPrefix = (address: string): number => Math.min(prefixOf(address), 24)

/**
 * The cloud's side of the cable, in a network namespace that is ours alone: a bridge that answers at the router's and
 * the services' addresses, leases by dnsmasq as the cloud gives them, and the simulator on port 80.
 */
export const startCloudNetwork = async (cloud: SimulatedCloud, options: NetworkOptions): Promise<CloudNetwork> => {
  const first = cloud.links.find(({ mac }) => options.silentMacs?.includes(mac) !== true)
  if (!first) throw new Error('a cloud without links')
  ip('link', 'set', 'lo', 'up')
  ip('link', 'add', 'cloud', 'type', 'bridge')
  ip('addr', 'add', `${first.router}/${linkPrefix(first.address)}`, 'dev', 'cloud')
  for (const address of cloud.serviceAddresses.filter((address) => address !== first.router))
    ip('addr', 'add', `${address}/${address.includes(':') ? 128 : 32}`, 'dev', 'cloud')
  ip('link', 'set', 'cloud', 'up')
  // A machine may ask from a link-local address.
  ip('route', 'add', '169.254.0.0/16', 'dev', 'cloud')
  const taps = cloud.links.map((_, index) => `guest${index}`)
  for (const tap of taps) {
    ip('tuntap', 'add', tap, 'mode', 'tap')
    ip('link', 'set', tap, 'master', 'cloud', 'up')
  }
  const dhcp = options.isWithoutDhcp === true ? undefined : startDhcp(cloud, options)
  const requests: RequestRecord[] = []
  const { handle } = cloud
  let server: { stop(): Promise<void> } | undefined
  let isOver = false
  const startServer = async (): Promise<void> => {
    if (handle && !isOver) server = await serve({ handle, requests, host: '::', port: 80 })
  }
  if (options.opens) void options.opens.then(startServer)
  else await startServer()
  return {
    taps,
    requests,
    stop: async () => {
      isOver = true
      dhcp?.kill()
      await server?.stop()
      for (const device of [...taps, 'cloud']) ip('link', 'del', device)
    },
  }
}

const startDhcp = (cloud: SimulatedCloud, { folder, silentMacs = [] }: NetworkOptions): ChildProcess => {
  const first = cloud.links.find(({ mac }) => !silentMacs.includes(mac))
  const bits = linkPrefix(first?.address ?? '')
  const mask = [24, 16, 8, 0].map((shift) => ((2 ** 32 - 2 ** (32 - bits)) >>> shift) & 255).join('.')
  const bare = (address: string): string => address.split('/')[0] ?? address
  const option245 = cloud.leaseOptions?.['unknown-245']
  const routes = cloud.leaseOptions?.['rfc3442-classless-static-routes']
  const lines = [
    'port=0',
    'interface=cloud',
    'bind-interfaces',
    'keep-in-foreground',
    'leasefile-ro',
    'log-dhcp',
    'dhcp-authoritative',
    // Fixed addresses: nothing to probe.
    'no-ping',
    `dhcp-range=${bare(first?.address ?? '')},static,${mask},1h`,
    ...cloud.links
      .filter(({ mac }) => !silentMacs.includes(mac))
      .map((link) => `dhcp-host=${link.mac},${bare(link.address)}`),
    `dhcp-option=3,${first?.router ?? ''}`,
    ...(option245 === undefined ? [] : [`dhcp-option=245,${option245}`]),
    ...(routes === undefined ? [] : [`dhcp-option=121,${routesText(routes)}`]),
  ]
  const file = join(folder, 'dnsmasq.conf')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return spawn('dnsmasq', [`--conf-file=${file}`, `--log-facility=${join(folder, 'dnsmasq.log')}`], {
    stdio: 'inherit',
  })
}

/** `0,10,0,0,1,32,168,63,129,16,10,0,0,1` (RFC 3442) as dnsmasq wants it: `0.0.0.0/0,10.0.0.1,168.63.129.16/32,10.0.0.1`. */
const routesText = (text: string): string => {
  const numbers = text.split(',').map(Number)
  const routes: string[] = []
  while (numbers.length > 0) {
    const bits = numbers.shift() ?? 0
    const destination = [...numbers.splice(0, Math.ceil(bits / 8)), 0, 0, 0, 0].slice(0, 4).join('.')
    routes.push(`${destination}/${bits}`, numbers.splice(0, 4).join('.'))
  }
  return routes.join(',')
}
