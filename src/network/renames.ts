import type { Machine } from '../machine/machine.ts'
import type { NetworkModel } from './model.ts'
import { listNics } from './nics.ts'

/** An interface as the machine has it now. */
export interface PresentLink {
  readonly name: string
  readonly mac: string
  readonly driver?: string | undefined
  readonly isUp: boolean
}

/** A name that an interface is to have. */
export interface WantedName {
  readonly name: string
  readonly mac: string
  readonly driver?: string | undefined
}

/**
 * The `ip link` commands that give interfaces their wanted names. An interface must be down while its name changes. Two
 * that swap their names, or one whose name is taken, go by way of a name that nobody has.
 */
export const planRenames = (present: readonly PresentLink[], wanted: readonly WantedName[]): string[][] => {
  const names = new Set(present.map(({ name }) => name))
  const moves = wanted.flatMap((want) => {
    const link = present.find((candidate) => isMeant(candidate, want))
    return link === undefined || link.name === want.name ? [] : [{ link, to: want.name }]
  })
  const moving = new Set(moves.map(({ link }) => link.name))
  // A bystander on a wanted name can't be helped: it keeps its name, and so does who wanted it.
  const possible = moves.filter(({ to }) => !names.has(to) || moving.has(to))
  const commands: string[][] = []
  const later: string[][] = []
  for (const [index, { link, to }] of possible.entries()) {
    if (link.isUp) commands.push(['ip', 'link', 'set', 'dev', link.name, 'down'])
    const isTaken = names.has(to)
    const name = isTaken ? freeName(names, index) : to
    names.add(name)
    commands.push(['ip', 'link', 'set', 'dev', link.name, 'name', name])
    if (isTaken) later.push(['ip', 'link', 'set', 'dev', name, 'name', to])
    else names.delete(link.name)
    if (link.isUp) later.push(['ip', 'link', 'set', 'dev', to, 'up'])
  }
  return [...commands, ...later]
}

const isMeant = (link: PresentLink, want: WantedName): boolean =>
  link.mac.toLowerCase() === want.mac.toLowerCase() && (want.driver === undefined || want.driver === link.driver)

const freeName = (names: ReadonlySet<string>, start: number): string => {
  let number = start
  while (names.has(`flrename${number}`)) number += 1
  return `flrename${number}`
}

/**
 * Gives the machine's interfaces the names that the model wants. A rename that fails is reported; the others go on.
 */
export const renameLinks = async (machine: Machine, model: NetworkModel): Promise<void> => {
  const wanted = model.links.flatMap(({ type, name, mac, driver }) =>
    type === 'physical' && mac !== undefined ? [{ name, mac, driver }] : [],
  )
  const present = listNics(machine).map(({ name, mac, driver, operState }) => ({
    name,
    mac,
    driver,
    isUp: operState === 'up' || operState === 'unknown',
  }))
  for (const argv of planRenames(present, wanted)) {
    const result = await machine.run(argv, { allowedExitCodes: 'any', timeoutSeconds: 10 })
    if (result.exitCode !== 0) machine.log.warning(`${argv.join(' ')} failed: ${result.stderr.trim()}`)
  }
}
