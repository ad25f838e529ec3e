import type { Link } from '../model.ts'

/**
 * Tells the members of bonds whose they are, and adds the interfaces that bonds and bridges name but nobody described.
 */
export const completeLinks = (
  links: ReadonlyMap<string, Link>,
): { readonly links: Link[]; readonly impliedLinks: string[] } => {
  const complete = new Map(links)
  for (const link of links.values()) {
    for (const name of link.bond?.members ?? []) {
      complete.set(name, { ...(complete.get(name) ?? impliedLink(name)), bondMaster: link.name })
    }
    for (const name of link.bridge?.ports ?? []) {
      if (!complete.has(name)) complete.set(name, impliedLink(name))
    }
  }
  return { links: [...complete.values()], impliedLinks: [...complete.keys()].filter((name) => !links.has(name)) }
}

const impliedLink = (name: string): Link => ({ name, id: name, type: 'physical', subnets: [] })
