import { CommandError } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'

export interface Bridge {
  readonly mode: 'none' | 'existing' | 'new'
  readonly name: string
  /** Settings of `lxc network create`: `ipv4.address=192.0.2.1/24`. */
  readonly settings: readonly string[]
}

/** Options as the configuration has them. */
export interface BridgeOptions {
  readonly mode: 'none' | 'existing' | 'new'
  readonly name?: string | undefined
  readonly mtu?: number | undefined
  readonly ipv4_address?: string | undefined
  readonly ipv4_netmask?: number | undefined
  readonly ipv4_dhcp_first?: string | undefined
  readonly ipv4_dhcp_last?: string | undefined
  readonly ipv6_address?: string | undefined
  readonly ipv6_netmask?: number | undefined
  readonly domain?: string | undefined
}

/** Whether LXD is asked to translate addresses. */
export interface Translation {
  readonly ipv4: boolean
  readonly ipv6: boolean
}

/** What `lxd init --auto` calls the bridge that it makes. */
const usualName = 'lxdbr0'
const profile = 'default'
const card = 'eth0'
const mtuOfLxd = -1

/** What the options mean to `lxc network create`. */
export const readBridge = (options: BridgeOptions, translation: Translation): Bridge => {
  const { mode, name = usualName, mtu = mtuOfLxd, domain } = options
  const { ipv4_dhcp_first: first, ipv4_dhcp_last: last } = options
  const ipv4 = addressOf(options.ipv4_address, options.ipv4_netmask)
  const ipv6 = addressOf(options.ipv6_address, options.ipv6_netmask)
  const settings = [
    `ipv4.address=${ipv4 ?? 'none'}`,
    ipv4 && translation.ipv4 && 'ipv4.nat=true',
    ipv4 && first && last && `ipv4.dhcp.ranges=${first}-${last}`,
    `ipv6.address=${ipv6 ?? 'none'}`,
    ipv6 && translation.ipv6 && 'ipv6.nat=true',
    domain && `dns.domain=${domain}`,
    mtu !== mtuOfLxd && `bridge.mtu=${mtu}`,
  ]
  return {
    mode,
    name,
    settings: settings.filter((setting) => typeof setting === 'string' && setting !== '') as string[],
  }
}

const addressOf = (address: string | undefined, netmask: number | undefined): string | undefined =>
  address && netmask ? `${address}/${netmask}` : undefined

const lxc = async (machine: Machine, ...words: readonly string[]): Promise<void> => {
  const { HOME = '/root', USER = 'root' } = machine.environment
  await machine.run(['lxc', ...words, '--force-local'], { env: { LC_ALL: 'C', HOME, USER } })
}

/** Exit code 1 says that it is not there. @returns whether it was */
const removeIfThere = async (machine: Machine, ...words: readonly string[]): Promise<boolean> => {
  try {
    await lxc(machine, ...words)
    return true
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== 1) throw error
    machine.log.debug(`lxd: ${words.join(' ')}: taken as not there`)
    return false
  }
}

/** `lxd init --auto` makes a bridge of its own (since LXD 3.0.1), which would be in the way. */
const removeUsualBridge = async (machine: Machine, { mode, name }: Bridge): Promise<void> => {
  if (mode === 'new' && (await removeIfThere(machine, 'network', 'detach-profile', name, profile))) {
    await lxc(machine, 'network', 'delete', name)
  }
  await removeIfThere(machine, 'profile', 'device', 'remove', profile, card)
}

/**
 * Makes the bridge, or takes one that is there, and puts the containers of the default profile on it.
 * @param isAfterInit true when `lxd init --auto` has just run
 * @throws CommandError
 */
export const setUpBridge = async (machine: Machine, bridge: Bridge, isAfterInit: boolean): Promise<void> => {
  const { mode, name, settings } = bridge
  if (mode === 'none') return
  if (isAfterInit && name === usualName) await removeUsualBridge(machine, bridge)
  if (mode === 'new') await lxc(machine, 'network', 'create', name, ...settings)
  await lxc(machine, 'network', 'attach-profile', name, profile, card)
}
