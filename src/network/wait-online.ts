import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Link, NetworkModel } from './model.ts'
import { netplanBackend } from './netplan-backend.ts'

/** Longest wait. systemd's own default is twice that; whoever needs the network tries again by himself. Seconds. */
const usualLimit = 60

/** Where distributions put it; newer place first. */
const networkdTools = ['/usr/lib/systemd/systemd-networkd-wait-online', '/lib/systemd/systemd-networkd-wait-online']

/**
 * Waits until the links that are not optional are online, and at most `seconds`. Needed after the network was brought up
 * in the middle of a boot: what systemd waited for before network-online.target was the configuration of before.
 *
 * networkd and NetworkManager come back at once and are asked by their own tools. ifup, network-scripts and wicked come
 * back when a link is up or their own time limit is over: there is nothing left to wait for.
 * @returns false when the time was over
 */
export const waitOnline = async (
  machine: Machine,
  renderer: string,
  model: NetworkModel,
  { links = model.links, seconds = usualLimit }: WaitOptions = {},
): Promise<boolean> => {
  const wait = waitingCommand(machine, renderer, model, links, seconds)
  if (wait === undefined) return true
  const { argv, what } = wait
  const start = machine.clock.monotonic()
  const passed = (): string => `${((machine.clock.monotonic() - start) / 1000).toFixed(1)} s`
  machine.log.debug(`waiting until ${what} online, at most ${seconds} s`)
  try {
    await machine.ask(argv, { timeoutSeconds: seconds + 5 })
    machine.log.info(`${what} online after ${passed()}`)
    return true
  } catch (error) {
    machine.log.warning(`${what} not online after ${passed()}; going on without: ${messageOf(error)}`)
    return false
  }
}

export interface WaitOptions {
  /** Default: all. */
  readonly links?: readonly Link[]
  /** Default 60. */
  readonly seconds?: number
}

interface Waiting {
  readonly argv: readonly string[]
  /** `eth0, eth1 are` */
  readonly what: string
}

const waitingCommand = (
  machine: Machine,
  renderer: string,
  model: NetworkModel,
  links: readonly Link[],
  seconds: number,
): Waiting | undefined => {
  const names = links.filter((link) => isWaitedFor(machine, link)).map(({ name }) => name)
  // netplan may know of links that the model does not: then its tool waits for all that it has.
  const isUnknown = renderer === 'netplan' && model.links.length === 0
  if (names.length === 0 && !isUnknown) return undefined
  const what = isUnknown ? 'the network is' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`
  const backend = renderer === 'netplan' ? netplanBackend(machine) : renderer
  if (backend === 'networkd') {
    const tool = networkdTools.find((path) => machine.files.exists(path))
    if (tool === undefined) return undefined
    return { argv: [tool, ...names.map((name) => `--interface=${name}`), `--timeout=${seconds}`], what }
  }
  if (backend === 'network-manager' && machine.which('nm-online') !== undefined)
    return { argv: ['nm-online', '--quiet', `--timeout=${seconds}`], what }
  return undefined
}

/** A link that will have addresses of its own, comes up by itself, and is there or will be made. */
const isWaitedFor = ({ files }: Machine, { type, name, optional, bondMaster, subnets }: Link): boolean =>
  type !== 'loopback' &&
  optional !== true &&
  bondMaster === undefined &&
  subnets.some((subnet) => subnet.type !== 'manual' && subnet.control !== 'manual') &&
  (type !== 'physical' || files.exists(`/sys/class/net/${name}`))
