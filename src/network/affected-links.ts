import type { Link, NetworkModel } from './model.ts'

/** The links that are one of these interfaces, and those that lie on them, in the order in which they can come up. */
export const affectedLinks = (model: NetworkModel, nics: readonly { name: string; mac: string }[]): Link[] => {
  const macs = new Set(nics.map(({ mac }) => mac.toLowerCase()))
  const names = new Set(nics.map(({ name }) => name))
  const isMeant = ({ type, mac, name }: Link): boolean =>
    mac === undefined || type !== 'physical' ? names.has(name) : macs.has(mac.toLowerCase())
  const found = new Set(model.links.filter(isMeant).map(({ name }) => name))
  // A set that grows while it is walked: what is added is walked, too.
  for (const name of found) for (const above of linksAbove(model, name)) found.add(above)
  return inOrder(model.links.filter(({ name }) => found.has(name)))
}

const linksAbove = (model: NetworkModel, name: string): string[] =>
  model.links
    .filter(
      (link) => link.bond?.members.includes(name) || link.bridge?.ports.includes(name) || link.vlan?.link === name,
    )
    .map((link) => link.name)

/**
 * Bonds first, which gather their members; then the others in the order of the document, bridges and VLANs after what
 * they lie on.
 */
export const inOrder = (links: readonly Link[]): Link[] => {
  const byName = new Map(links.map((link) => [link.name, link]))
  const ordered = new Set(links.filter(({ type }) => type === 'bond'))
  const seen = new Set(ordered)
  // Without recursion: a chain may be as long as the document.
  const stack = [...links].reverse().map((link) => ({ link, isLeaving: false }))
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { link, isLeaving } = step
    if (isLeaving) ordered.add(link)
    if (seen.has(link)) continue
    seen.add(link)
    stack.push({ link, isLeaving: true })
    for (const name of namesBelow(link)) {
      const below = byName.get(name)
      if (below !== undefined && !seen.has(below)) stack.push({ link: below, isLeaving: false })
    }
  }
  return [...ordered]
}

const namesBelow = ({ bridge, vlan }: Link): readonly string[] => [
  ...(bridge?.ports ?? []),
  ...(vlan === undefined ? [] : [vlan.link]),
]
