import { ipv4Mask } from './address.ts'
import type { NetworkState, RouteState } from './show-state.ts'

/** A serial console is slow: nobody waits for a thousand VLANs. Rows of a table. */
const mostRows = 64

/** What stands where nothing is known. */
const empty = '.'

/**
 * The tables that clouds' users look for on the console, and that programs read there: each line begins with `ci-info: `,
 * as cloud-init writes them.
 */
export const consoleTables = ({ links, routes }: NetworkState): string => {
  const devices = [...links].sort((left, right) => (left.name < right.name ? -1 : 1))
  const rows = devices.flatMap(({ name, state, mac, type, addresses }) => {
    const up = state === 'up' ? 'True' : 'False'
    const hardware = type === 'loopback' || mac === '' ? empty : mac
    if (addresses.length === 0) return [[name, up, empty, empty, empty, hardware]]
    return addresses.map(({ address, family, scope }) => {
      const [ip = '', prefix = ''] = address.split('/')
      return family === 4
        ? [name, up, ip, ipv4Mask(Number(prefix)), scope, hardware]
        : [name, up, address, empty, scope, hardware]
    })
  })
  const of = (family: 4 | 6): RouteState[] => routes.filter((route) => route.family === family && route.link !== 'lo')
  const lines = [
    ...table('Net device info', ['Device', 'Up', 'Address', 'Mask', 'Scope', 'Hw-Address'], rows),
    ...table(
      'Route IPv4 info',
      ['Route', 'Destination', 'Gateway', 'Genmask', 'Interface', 'Flags'],
      of(4).map(ipv4Row),
    ),
    ...table('Route IPv6 info', ['Route', 'Destination', 'Gateway', 'Interface', 'Flags'], of(6).map(ipv6Row)),
  ]
  return lines.map((line) => `ci-info: ${line}`).join('\n')
}

const ipv4Row = (route: RouteState, index: number): string[] => {
  const [network = '', prefix = ''] = (route.to === 'default' ? '0.0.0.0/0' : route.to).split('/')
  const isHost = prefix === '32' ? 'H' : ''
  const mask = ipv4Mask(Number(prefix))
  return [String(index), network, route.via ?? '0.0.0.0', mask, route.link ?? empty, `${flagsOf(route)}${isHost}`]
}

const ipv6Row = (route: RouteState, index: number): string[] => [
  String(index),
  route.to === 'default' ? '::/0' : route.to,
  route.via ?? '::',
  route.link ?? empty,
  flagsOf(route),
]

const flagsOf = ({ via }: RouteState): string => (via === undefined ? 'U' : 'UG')

const table = (title: string, head: readonly string[], all: readonly (readonly string[])[]): string[] => {
  if (all.length === 0) return []
  const rows = all.slice(0, mostRows)
  const more = all.length - rows.length
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const ruler = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`
  const line = (cells: readonly string[]): string =>
    `|${widths.map((width, column) => ` ${centred(cells[column] ?? '', width, ' ')} `).join('|')}|`
  return [
    centred(title, ruler.length, '+'),
    ruler,
    line(head),
    ruler,
    ...rows.map(line),
    ruler,
    ...(more > 0 ? [`and ${more} more`] : []),
  ]
}

const centred = (text: string, width: number, fill: string): string => {
  const left = Math.floor((width - text.length) / 2)
  return `${fill.repeat(Math.max(left, 0))}${text}`.padEnd(width, fill)
}
