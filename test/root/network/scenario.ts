import assert from 'node:assert/strict'
import type { Cable, Cloud } from './cables.ts'
import { eventually } from './commands.ts'
import type { Running } from './container.ts'
import type { Renderer } from './machine-root.ts'

/** A machine in its cloud, switched on. */
export interface Site {
  readonly renderer: Renderer
  readonly cloud: Cloud
  readonly cables: readonly Cable[]
  /** The machine's files, from outside. */
  readonly root: string
  /** The machine as it runs now. */
  machine(): Running
  /** Switches off and on again. */
  reboot(): Promise<void>
  /** What the seed says from the next boot on. */
  setNetwork(network: object): void
  /** cloud-init.log of all boots. */
  log(): string
}

export interface Scenario {
  /** A sentence. */
  readonly name: string
  readonly cables: readonly Cable[]
  /** dnsmasq.conf(5), for those who answer DHCP and announce routers. */
  readonly dnsmasq?: readonly string[]
  /** The network-config of a seed; without it, nobody says how the network is to be. */
  readonly network?: object | string
  /** More files of the machine: path -> content. */
  readonly files?: Readonly<Record<string, string>>
  /** Why the scenario is not for this renderer. */
  readonly notFor?: Readonly<Partial<Record<Renderer, string>>>
  /**
   * `container`, which the kernel outside runs, is quick. `kernel`: with a kernel of its own, udev, and interfaces that have a
   * driver and a permanent address; they are called vec0, vec1, ...
   */
  readonly on: 'container' | 'kernel'
  /** Starts what else there is in this cloud. */
  startServices?(cloud: Cloud): Promise<void>
  check(site: Site): Promise<void>
}

/** One ping must come back, within some seconds. */
export const assertReaches = (site: Site, address: string, ...options: string[]): Promise<void> =>
  eventually(async () => {
    const family = address.includes(':') ? '-6' : '-4'
    const { exitCode, stdout } = await site.cloud.attempt('ping', family, '-n', '-c1', '-W1', ...options, address)
    assert.equal(exitCode, 0, `${address} does not answer: ${stdout}`)
  }, 10)

/** What `see` tells must become `expected`. */
export const assertBecomes = async <T>(see: () => Promise<T>, expected: T, limitSeconds = 15): Promise<void> =>
  eventually(async () => assert.deepEqual(await see(), expected), limitSeconds)
