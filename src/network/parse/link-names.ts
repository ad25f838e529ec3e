import { ConfigError } from '../../machine/errors.ts'
import { shown } from '../address.ts'
import type { Link } from '../model.ts'

/** The kernel's limit, IFNAMSIZ without the final zero. */
const longestName = 15

/**
 * A name that the kernel takes and that is safe in file names and configuration lines.
 * @throws ConfigError
 */
export const checkLinkName = (name: string, key: string): string => {
  if (name === '' || name === '.' || name === '..') throw new ConfigError(key, `${shown(name)} is no interface name`)
  // A name stands in file names, configuration lines and the commands of ifupdown.
  if (!/^[\p{L}\p{N}_.@+][\p{L}\p{N}_.@+-]*$/u.test(name))
    throw new ConfigError(key, `${shown(name)} holds a slash, a blank or another character that no name should have`)
  if (Buffer.byteLength(name) > longestName)
    throw new ConfigError(
      key,
      `${shown(name)} is longer than ${longestName} characters, which no interface name can be`,
    )
  return name
}

/**
 * Finds what no renderer could make work: a name used twice, links that lie on each other in a circle.
 * @param pathOf where the link with that name stands in the document
 * @throws ConfigError
 */
export const checkLinks = (links: readonly Link[], pathOf: (name: string) => string): void => {
  const below = new Map<string, readonly string[]>()
  for (const link of links) {
    if (below.has(link.name))
      throw new ConfigError(pathOf(link.name), `the name ${link.name} is given to two interfaces`)
    below.set(link.name, [
      ...(link.bond?.members ?? []),
      ...(link.bridge?.ports ?? []),
      ...(link.vlan === undefined ? [] : [link.vlan.link]),
    ])
  }
  const done = new Set<string>()
  for (const link of links) checkCircle(link.name, below, done, pathOf)
}

/** Walks without recursion: a chain may be as long as the document. */
const checkCircle = (
  start: string,
  below: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  pathOf: (name: string) => string,
): void => {
  const path = new Set<string>()
  const stack: { readonly name: string; readonly isLeaving: boolean }[] = [{ name: start, isLeaving: false }]
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    if (step.isLeaving) {
      path.delete(step.name)
      done.add(step.name)
      continue
    }
    if (path.has(step.name))
      throw new ConfigError(pathOf(step.name), `${step.name} lies on itself: bridges, bonds and VLANs form a circle`)
    if (done.has(step.name)) continue
    path.add(step.name)
    stack.push({ name: step.name, isLeaving: true })
    for (const name of below.get(step.name) ?? []) stack.push({ name, isLeaving: false })
  }
}
