import { networkInterfaces } from 'node:os'
import { installedDhcpClient } from './dhcp-clients.ts'
import { leaseRoutes, prefixOf } from './dhcp-leases.ts'
import { LinkError, messageOf } from './errors.ts'
import type { LinkAddress, Links } from './links.ts'
import type { Machine } from './machine.ts'

/** What has to be run to undo what was done to a link, in the order it was done. Shared by all actors. */
export type UndoSteps = Map<string, (readonly string[])[]>

const defaultTimeoutSeconds = 60
const ipTimeoutSeconds = 15

/** `ip` says so where an address or route is there already, set by someone else: it is not ours to remove. */
const isThereAlready = (error: unknown): boolean => /File exists|already assigned/.test(messageOf(error))

/** As the kernel allows it, and safe as a word of a command and part of a path. */
const checkName = (name: string): void => {
  if (!/^[^\s/-][^\s/]{0,14}$/.test(name) || name === '.' || name === '..') {
    throw new LinkError(name, 'this is not the name of a network link')
  }
}

/** As the C library tells them (getifaddrs(3)). */
const systemAddresses = (): LinkAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([link, addresses = []]) =>
    addresses.flatMap(({ family, address, cidr }): LinkAddress[] => {
      const prefix = Number(cidr?.split('/')[1] ?? Number.NaN)
      return Number.isNaN(prefix) ? [] : [{ link, family: family === 'IPv4' ? 4 : 6, ip: address, prefix }]
    }),
  )

/** Network links of this machine, by `ip` and whichever DHCP client is installed. */
export const liveLinks = (machine: Machine, undoSteps: UndoSteps): Links => {
  const ip = (...words: string[]) => machine.ask(['ip', ...words], { timeoutSeconds: ipTimeoutSeconds })

  const change = async (link: string, words: readonly string[], undo: readonly string[]): Promise<void> => {
    try {
      await ip(...words)
    } catch (error) {
      if (isThereAlready(error)) return
      throw new LinkError(link, messageOf(error))
    }
    undoSteps.set(link, [...(undoSteps.get(link) ?? []), undo])
  }
  /** `10.0.0.5/24`, ... */
  const addressesOf = async (link: string): Promise<string[]> => {
    const { stdout } = await ip('-4', '-o', 'addr', 'show', 'dev', link)
    return [...stdout.matchAll(/\binet (\S+)/g)].map(([, address = '']) => address)
  }
  const isUp = (link: string): boolean => {
    const flags = Number((machine.files.readTextIfExists(`/sys/class/net/${link}/flags`) ?? '0').trim())
    return (flags & 1) === 1
  }
  const bringUp = async (link: string): Promise<void> => {
    checkName(link)
    if (!machine.files.exists(`/sys/class/net/${link}`)) throw new LinkError(link, 'there is no such network link')
    if (isUp(link)) return
    await change(link, ['link', 'set', 'dev', link, 'up'], ['link', 'set', 'dev', link, 'down'])
  }
  /** Undoes all steps but the first `kept`. */
  const undo = async (link: string, kept: number): Promise<void> => {
    const steps = undoSteps.get(link) ?? []
    undoSteps.set(link, steps.slice(0, kept))
    for (const step of steps.slice(kept).reverse()) {
      try {
        await ip(...step)
      } catch (error) {
        machine.log.debug(`${link}: could not be put back as it was: ${messageOf(error)}`)
      }
    }
  }
  /** A failure half way must not leave a half configured link behind; what was done before stays. */
  const orUndo = async <T>(link: string, body: () => Promise<T>): Promise<T> => {
    const before = undoSteps.get(link)?.length ?? 0
    try {
      return await body()
    } catch (error) {
      await undo(link, before)
      throw error
    }
  }

  return {
    up: bringUp,
    dhcp: (link, { timeoutSeconds = defaultTimeoutSeconds } = {}) =>
      orUndo(link, async () => {
        const client = installedDhcpClient(machine)
        if (!client) {
          throw new LinkError(link, 'no DHCP client is installed: install dhcpcd-base, isc-dhcp-client or udhcpc', true)
        }
        await bringUp(link)
        const before = await addressesOf(link)
        const options = await client.ask(machine, link, timeoutSeconds)
        const address = options?.['fixed-address']
        if (options === undefined || address === undefined) {
          // A client may have set one just before it was ended.
          const left = (await addressesOf(link)).filter((place) => !before.includes(place))
          for (const place of left) await ip('-4', 'addr', 'del', place, 'dev', link)
          throw new LinkError(link, `no DHCP lease in ${timeoutSeconds} s (asked by ${client.command})`)
        }
        const place = `${address}/${prefixOf(options['subnet-mask'])}`
        if (!before.includes(place)) {
          // replace: a client may have set it for as long as its lease, which it no longer looks after.
          await change(link, ['-4', 'addr', 'replace', place, 'dev', link], ['-4', 'addr', 'del', place, 'dev', link])
        }
        for (const { destination, gateway } of leaseRoutes(options)) {
          const via = gateway === '0.0.0.0' ? [] : ['via', gateway]
          const route = [destination, ...via, 'dev', link]
          await change(link, ['-4', 'route', 'append', ...route], ['-4', 'route', 'del', ...route])
        }
        return { interface: link, options: { interface: link, ...options } }
      }),
    linkLocal: (link) =>
      orUndo(link, async () => {
        await bringUp(link)
        // 169.254.1.0 to 169.254.254.255 (RFC 3927, 2.1).
        const octet = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from + 1))
        const place = `169.254.${octet(1, 254)}.${octet(0, 255)}/16`
        await change(link, ['-4', 'addr', 'add', place, 'dev', link], ['-4', 'addr', 'del', place, 'dev', link])
      }),
    release: (link) => undo(link, 0),
    addresses: async () => systemAddresses(),
  }
}
