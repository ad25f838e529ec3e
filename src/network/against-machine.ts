import { ConfigError } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Link, NetworkModel } from './model.ts'
import { listNics, type Nic } from './nics.ts'

const SYSFS = '/sys/class/net'

/** How long an interface is waited for that the configuration names, and the kernel has not found yet. Seconds. */
const settleSeconds = 30

/**
 * Waits until udev has worked off what the kernel has found so far, when an interface with a wanted MAC address is not
 * there yet: its driver may be loading.
 */
export const awaitNics = async (machine: Machine, model: NetworkModel): Promise<void> => {
  const missing = missingMacs(model, listNics(machine))
  if (missing.length === 0 || machine.which('udevadm') === undefined) return
  machine.log.debug(`waiting for the interfaces ${missing.map(({ name }) => name).join(', ')}`)
  await machine.ask(['udevadm', 'settle', `--timeout=${settleSeconds}`], {
    allowedExitCodes: 'any',
    timeoutSeconds: settleSeconds + 5,
  })
}

/**
 * Compares what is wanted with the interfaces that there are.
 *
 * @param pathOf where a link stands in the document
 * @throws ConfigError when it can't be told which interface is meant, or a bond, bridge or VLAN is to lie on one that
 *   neither the machine has nor the document describes
 */
export const checkAgainstMachine = (
  machine: Machine,
  model: NetworkModel,
  pathOf: (link: Link) => string,
  warn: (message: string) => void,
): void => {
  const nics = listNics(machine)
  // An image in a folder has none that could be looked at, and a container may get its interfaces later.
  if (machine.kind === 'image' || nics.length === 0) return
  for (const link of model.links) {
    if (link.type === 'physical' && link.mac !== undefined) checkMac(link, nics, pathOf(link))
  }
  for (const link of missingMacs(model, nics))
    warn(
      `${pathOf(link)}: no interface of this machine has the MAC address ${link.mac}; it is configured when it comes`,
    )
  checkParts(machine, model, pathOf)
}

const missingMacs = ({ links }: NetworkModel, nics: readonly Nic[]): Link[] => {
  const present = new Set(nics.map(({ mac }) => mac))
  return links.filter(({ type, mac }) => type === 'physical' && mac !== undefined && !present.has(mac.toLowerCase()))
}

/** The hidden half of an accelerated Hyper-V pair has the MAC address of the other half, which is the one that counts. */
const checkMac = (link: Link, nics: readonly Nic[], path: string): void => {
  const same = nics.filter(
    ({ mac, driver }) => mac === link.mac?.toLowerCase() && (link.driver === undefined || driver === link.driver),
  )
  if (same.length < 2 || same.some(({ driver }) => driver === 'hv_netvsc')) return
  throw new ConfigError(
    path,
    `${same.map(({ name }) => name).join(' and ')} have the MAC address ${link.mac}: say which is meant by its driver, too`,
  )
}

const checkParts = (machine: Machine, model: NetworkModel, pathOf: (link: Link) => string): void => {
  const implied = new Set(model.impliedLinks)
  const described = new Set(model.links.map(({ name }) => name).filter((name) => !implied.has(name)))
  const isThere = (name: string): boolean => described.has(name) || machine.files.exists(`${SYSFS}/${name}`)
  for (const link of model.links) {
    for (const [what, names] of [
      ['bond', link.bond?.members ?? []],
      ['bridge', link.bridge?.ports ?? []],
      ['VLAN', link.vlan === undefined ? [] : [link.vlan.link]],
    ] as const) {
      const missing = names.find((name) => !isThere(name))
      if (missing !== undefined)
        throw new ConfigError(
          pathOf(link),
          `the ${what} ${link.name} is to lie on ${missing}, which is nowhere to be found`,
        )
    }
  }
}
