import { hasDefaultRoute, type NetworkModel } from '../model.ts'

/** What a renderer of one link needs to know of the others. */
export interface Surroundings {
  /** The bridge that each link is a port of, by the link's name. */
  readonly bridges: ReadonlyMap<string, string>
  /** Names of the members of each bond, by the bond's name. */
  readonly members: ReadonlyMap<string, readonly string[]>
  /** Some link has a default route of its own; then DHCP on the others must not bring another. */
  readonly hasDefaultRoute: boolean
}

export const surroundingsOf = ({ links }: NetworkModel): Surroundings => ({
  bridges: new Map(links.flatMap(({ name, bridge }) => (bridge?.ports ?? []).map((port) => [port, name] as const))),
  members: new Map(
    links.flatMap(({ name, bond }) => (bond === undefined ? [] : [[name, [...bond.members].sort()] as const])),
  ),
  hasDefaultRoute: links.some(hasDefaultRoute),
})
