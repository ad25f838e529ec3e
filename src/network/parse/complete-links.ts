import type { Link } from '../model.ts'

export interface CompleteLinks {
  /** In the order in which the document first mentions them. */
  readonly links: Link[]
  /** Names of those that only a bond or a bridge mentions. */
  readonly impliedLinks: string[]
}

/**
 * Tells the members of bonds whose they are, and adds the interfaces that bonds and bridges name but nobody described.
 */
export const completeLinks = (links: ReadonlyMap<string, Link>): CompleteLinks => {
  const complete = new Map<string, Link>()
  const mention = (name: string): Link => {
    const link = complete.get(name) ?? links.get(name) ?? { name, id: name, type: 'physical', subnets: [] }
    complete.set(name, link)
    return link
  }
  for (const link of links.values()) {
    mention(link.name)
    for (const name of link.bond?.members ?? []) complete.set(name, { ...mention(name), bondMaster: link.name })
    for (const name of link.bridge?.ports ?? []) mention(name)
  }
  return { links: [...complete.values()], impliedLinks: [...complete.keys()].filter((name) => !links.has(name)) }
}
