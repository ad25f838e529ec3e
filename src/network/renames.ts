import { messageOf } from '../machine/errors.ts'
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
 * that swap their names, or one whose name is taken, go by way of a name that nobody has. An interface that has another's
 * name, and of which nothing is said, makes way: it becomes `cirename0`, as with cloud-init.
 */
export const planRenames = (present: readonly PresentLink[], wanted: readonly WantedName[]): string[][] => {
  const names = new Set(present.map(({ name }) => name))
  const moves = wanted.flatMap((want) => {
    const link = present.find((candidate) => isMeant(candidate, want))
    return link === undefined || link.name === want.name ? [] : [{ link, to: want.name }]
  })
  const moving = new Set(moves.map(({ link }) => link.name))
  const commands: string[][] = []
  const later: string[][] = []
  for (const { to } of moves) {
    const bystander = present.find(({ name }) => name === to && !moving.has(name))
    if (bystander === undefined || !names.has(to)) continue
    const name = freeName(names, 'cirename')
    commands.push(...rename(bystander, name))
    if (bystander.isUp) later.push(['ip', 'link', 'set', 'dev', name, 'up'])
    names.add(name)
    names.delete(to)
  }
  for (const { link, to } of moves) {
    const isTaken = names.has(to)
    const name = isTaken ? freeName(names, 'flrename') : to
    names.add(name)
    commands.push(...rename(link, name))
    if (isTaken) later.push(['ip', 'link', 'set', 'dev', name, 'name', to])
    else names.delete(link.name)
    if (link.isUp) later.push(['ip', 'link', 'set', 'dev', to, 'up'])
  }
  return [...commands, ...later]
}

const isMeant = (link: PresentLink, want: WantedName): boolean =>
  link.mac.toLowerCase() === want.mac.toLowerCase() && (want.driver === undefined || want.driver === link.driver)

const rename = ({ name, isUp }: PresentLink, to: string): string[][] => [
  ...(isUp ? [['ip', 'link', 'set', 'dev', name, 'down']] : []),
  ['ip', 'link', 'set', 'dev', name, 'name', to],
]

const freeName = (names: ReadonlySet<string>, prefix: string): string => {
  let number = 0
  while (names.has(`${prefix}${number}`)) number += 1
  return `${prefix}${number}`
}

/**
 * Gives the machine's interfaces the names that the model wants. A rename that fails is reported; the others go on.
 */
export const renameLinks = async (machine: Machine, model: NetworkModel): Promise<void> => {
  const wanted = model.links.flatMap(({ type, name, mac, driver }) =>
    type === 'physical' && mac !== undefined ? [{ name, mac, driver }] : [],
  )
  const present = listNics(machine).map(({ name, mac, driver, isUp }) => ({ name, mac, driver, isUp }))
  for (const argv of planRenames(present, wanted)) {
    try {
      await machine.run(argv, { timeoutSeconds: 10 })
    } catch (error) {
      machine.log.warning(`an interface keeps its name: ${messageOf(error)}`)
    }
  }
}
