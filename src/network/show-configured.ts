import type { JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { cidr } from './model.ts'
import { listNics } from './nics.ts'
import { parseNetwork } from './parse/index.ts'

/** A link of the network config. */
export interface ConfiguredLink {
  readonly name: string
  /** How it gets addresses: `dhcp4`, `192.0.2.5/24`, ... */
  readonly methods: readonly string[]
}

/** The links that network config is about; none when it can't be read, which `network diff` explains. */
export const configuredLinks = (machine: Machine, config: JsonObject): ConfiguredLink[] => {
  try {
    const { links } = parseNetwork(config, { nics: listNics(machine), warn: () => {} })
    return links.map(({ name, subnets }) => ({
      name,
      methods: subnets.map(({ type, address }) => (address === undefined ? type : cidr(address))),
    }))
  } catch {
    return []
  }
}
