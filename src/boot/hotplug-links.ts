import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { Link } from '../network/model.ts'
import { listNics, type Nic } from '../network/nics.ts'
import { parseNetwork } from '../network/parse/index.ts'
import type { Device } from '../network/without-device.ts'

/** The physical links that network config describes; undefined when only netplan can read it. */
const physicalLinks = (machine: Machine, config: JsonObject): Link[] | undefined => {
  try {
    const { links, impliedLinks } = parseNetwork(config, { nics: listNics(machine), warn: () => {} })
    return links.filter(({ type, name }) => type === 'physical' && !impliedLinks.includes(name))
  } catch {
    return undefined
  }
}

/** Whether network config speaks of this interface, by its MAC address, or by its name alone. */
export const describesNic = (machine: Machine, config: JsonObject, { name, mac }: Nic): boolean =>
  physicalLinks(machine, config)?.some((link) =>
    link.mac === undefined ? link.name === name : link.mac.toLowerCase() === mac,
  ) ?? JSON.stringify(config).toLowerCase().includes(`"${mac}"`)

/**
 * Finds what network config has for an interface that was called `name` and is gone: by its name; or, where the machine
 * called it otherwise, by its being the only one that is missing. undefined: nothing.
 */
export const findGone = (machine: Machine, config: JsonObject, name: string): Device | undefined => {
  const links = physicalLinks(machine, config) ?? []
  const present = new Set(listNics(machine).map(({ mac }) => mac))
  const missing = links.filter(({ mac }) => mac !== undefined && !present.has(mac.toLowerCase()))
  const link =
    missing.find((candidate) => candidate.name === name) ??
    links.find((candidate) => candidate.mac === undefined && candidate.name === name) ??
    (missing.length === 1 ? missing[0] : undefined)
  return link && { name: link.id, mac: link.mac?.toLowerCase() }
}
