import type { CurrentNetwork } from '../boot/current-network.ts'
import { messageOf } from '../machine/errors.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import type { ConfiguredLink } from '../network/show-configured.ts'
import type { LinkState, NetworkState } from '../network/show-state.ts'
import { type Arguments, type CommandContext, isSet } from './command.ts'
import type { Colour, Console } from './console.ts'

/** `network show`: links, addresses, routes and rules as they are, and who configured them. */
export const showNetwork = async (
  context: CommandContext,
  args: Arguments,
  name: string | undefined,
): Promise<number> => {
  const { console } = context
  const { readNetworkState } = await import('../network/show.ts')
  const { configuredLinks } = await import('../network/show-configured.ts')
  const { machine, records } = await context.machine({ isQuiet: true })
  if (machine.kind === 'image') {
    console.complain('network show: an image in a folder has no network; network diff tells what it would get')
    return 2
  }
  const all = await readNetworkState(machine)
  const state = name === undefined ? all : onlyLink(all, name)
  if (state.links.length === 0) {
    console.complain(name === undefined ? 'network show: there are no links' : `network show: there is no link ${name}`)
    return 1
  }
  const current = await currentOf(machine, records)
  const configured = current?.config === undefined ? [] : configuredLinks(machine, current.config)
  if (isSet(args, 'json')) {
    const configuration = current && {
      source: current.source,
      renderer: current.renderer,
      disabled: current.source !== undefined && current.config === undefined,
      links: configured,
    }
    console.print(
      JSON.stringify({ ...state, rules: state.rules ?? null, configuration: configuration ?? null }, null, 2),
    )
    return 0
  }
  await printState(console, state)
  for (const line of describe(current, configured, state)) console.print(line, 'dim')
  return 0
}

const onlyLink = ({ links, routes, rules }: NetworkState, name: string): NetworkState => ({
  links: links.filter((link) => link.name === name),
  routes: routes.filter(({ link }) => link === name),
  rules,
})

/** A configuration that can't be read keeps nobody from seeing what there is. */
const currentOf = async (machine: Machine, records: readonly LogRecord[]): Promise<CurrentNetwork | undefined> => {
  const { currentNetwork } = await import('../boot/current-network.ts')
  const { shippedConfig } = await import('./open-machine.ts')
  try {
    const current = await currentNetwork(machine, records, shippedConfig())
    return current.isHidden ? undefined : current
  } catch (error) {
    machine.log.debug(`what configures the network is not known: ${messageOf(error)}`)
    return undefined
  }
}

const printState = async (console: Console, { links, routes, rules }: NetworkState): Promise<void> => {
  await printTable(console, ['LINK', 'TYPE', 'STATE', 'MAC', 'MTU', 'DRIVER'], links.map(linkRow))
  const addresses = links.flatMap(({ name, addresses: own }) => own.map((address) => ({ name, ...address })))
  await printTable(
    console,
    ['LINK', 'ADDRESS', 'SCOPE', 'FROM'],
    addresses.map(({ name, address, scope, source, secondsLeft }) => ({
      cells: [name, address, scope, `${source ?? ''}${secondsLeft === undefined ? '' : `, ${secondsLeft} s left`}`],
    })),
  )
  await printTable(
    console,
    ['ROUTE', 'VIA', 'LINK', 'METRIC', 'TABLE', 'FROM'],
    routes.map(({ to, family, via, link, metric, table, source, type }) => ({
      cells: [
        [type, to === 'default' && family === 6 ? 'default (IPv6)' : to].filter((word) => word !== undefined).join(' '),
        via ?? '',
        link ?? '',
        String(metric ?? ''),
        table,
        source ?? '',
      ],
    })),
  )
  // What every machine has tells nothing.
  const own = (rules ?? []).filter(({ priority }) => ![0, 32766, 32767].includes(priority))
  await printTable(
    console,
    ['RULE', 'MATCHES', 'ACTION'],
    own.map(({ priority, selector, action, family }) => ({
      cells: [String(priority), `${selector}${family === 6 ? ' (IPv6)' : ''}`, action],
    })),
  )
}

interface Row {
  readonly cells: readonly string[]
  readonly colour?: Colour
}

const linkRow = (link: LinkState): Row => {
  const colour: Colour | undefined = link.state === 'up' ? undefined : link.state === 'down' ? 'dim' : 'yellow'
  return {
    cells: [link.name, describeType(link), link.state, link.mac, String(link.mtu), link.driver ?? ''],
    ...(colour && { colour }),
  }
}

/** `bond of eth0, eth1`, `vlan 5 on eth0`, `physical, in bond0` */
const describeType = ({ type, below, vlanId, master }: LinkState): string => {
  const parts = below.join(', ')
  const made =
    type === 'vlan'
      ? `vlan ${vlanId ?? '?'}${parts === '' ? '' : ` on ${parts}`}`
      : `${type}${parts === '' ? '' : ` of ${parts}`}`
  return master === undefined ? made : `${made}, in ${master}`
}

/** Columns of a terminal that everybody has. What is printed to a file may be wider: no word is broken. */
const terminalWidth = 80

const printTable = async (console: Console, head: readonly string[], rows: readonly Row[]): Promise<void> => {
  if (rows.length === 0) return
  const { default: Table } = await import('cli-table3')
  const widths = fitted(
    head.map((title, column) => Math.max(title.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0))),
    console.isTerminal ? terminalWidth : Number.POSITIVE_INFINITY,
  )
  // A table for each row, because a console colours whole lines.
  const print = (row: Row): void => {
    const table = new Table({
      chars: borderless,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
      colWidths: widths.map((width) => width + 1),
      wordWrap: true,
      wrapOnWordBoundary: false,
    })
    table.push([...row.cells])
    for (const line of table.toString().split('\n')) console.print(line.trimEnd(), row.colour)
  }
  print({ cells: head, colour: 'cyan' })
  for (const row of rows) print(row)
  console.print('')
}

const borderless = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle'].flatMap((name) =>
    ['', '-mid', '-left', '-right'].map((corner) => [`${name}${corner}`, '']),
  ),
)

/** Takes from the widest columns until all fit, with a blank behind each. */
const fitted = (natural: readonly number[], width: number): number[] => {
  const widths = [...natural]
  while (widths.reduce((sum, each) => sum + each + 1, 0) > width) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

const describe = (
  current: CurrentNetwork | undefined,
  configured: readonly ConfiguredLink[],
  { links }: NetworkState,
): string[] => {
  if (current === undefined) return ['Who configured the network is readable by root alone.']
  if (current.source === undefined) return ['A boot finds no interface to configure.']
  if (current.config === undefined) return [`A boot leaves the network alone: disabled by ${current.source}.`]
  const present = new Set(links.map(({ name }) => name))
  const named = configured.filter(({ name }) => present.has(name))
  const methods = named.map(({ name, methods: own }) => `${name} (${own.join(', ') || 'no addresses'})`)
  return [
    `A boot takes the network from ${current.source}, written for ${current.renderer}:`,
    `${methods.join(', ') || 'none of these'}.`,
  ]
}
