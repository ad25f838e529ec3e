import type { Running } from './container.ts'

/** What `ip -json` says of the machine, as far as the checks look at it. */
export interface SeenLink {
  readonly ifname: string
  /** Absent where there is none. */
  readonly address?: string
  readonly mtu: number
  readonly operstate: string
  readonly flags: readonly string[]
  readonly master?: string
  readonly link?: string
  readonly linkinfo?: {
    readonly info_kind?: string
    readonly info_data?: Readonly<Record<string, unknown>>
  }
}

interface SeenAddresses extends SeenLink {
  readonly addr_info: readonly SeenAddress[]
}

interface SeenAddress {
  readonly family: 'inet' | 'inet6'
  readonly local: string
  readonly prefixlen: number
  readonly scope: string
  readonly tentative?: boolean
}

export interface SeenRoute {
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
  readonly metric?: number
  readonly table?: string
  readonly protocol?: string
}

export interface SeenRule {
  readonly priority: number
  readonly src: string
  readonly srclen?: number
  readonly table: string
}

const ip = async <T>(machine: Running, ...words: string[]): Promise<T[]> => {
  const text = await machine.run('ip', '-details', '-json', ...words)
  const all: T[] = JSON.parse(text === '' ? '[]' : text)
  // Older versions print empty objects for what their filter leaves out.
  return all.filter((each) => Object.keys(each as object).length > 0)
}

export const linksOf = (machine: Running): Promise<SeenLink[]> => ip(machine, 'link', 'show')

/** Name by MAC address, of all links that have one of these addresses. */
export const namesOf = async (machine: Running, macs: readonly string[]): Promise<(string | undefined)[]> => {
  const links = await linksOf(machine)
  return macs.map((mac) => links.find(({ address, master }) => address === mac && master === undefined)?.ifname)
}

/** `10.0.0.5/24`, of one link, without link-local ones; sorted. Not yet those that are still being probed. */
export const addressesOf = async (machine: Running, link: string): Promise<string[]> => {
  const [seen] = await ip<SeenAddresses>(machine, 'addr', 'show', 'dev', link)
  return (seen?.addr_info ?? [])
    .filter(({ scope, tentative }) => scope === 'global' && tentative !== true)
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
    .sort()
}

/** Of one routing table. */
export const routesOf = (machine: Running, family: 4 | 6, table = 'main'): Promise<SeenRoute[]> =>
  ip(machine, `-${family}`, 'route', 'show', 'table', table)

/** `via GATEWAY dev LINK` of each default route, sorted. */
export const defaultRoutesOf = async (machine: Running, family: 4 | 6, table?: string): Promise<string[]> => {
  const routes = await routesOf(machine, family, table)
  return routes
    .filter(({ dst }) => dst === 'default')
    .map(({ gateway, dev }) => `via ${gateway ?? 'none'} dev ${dev ?? 'none'}`)
    .sort()
}

export const rulesOf = (machine: Running, family: 4 | 6): Promise<SeenRule[]> => ip(machine, `-${family}`, 'rule')
