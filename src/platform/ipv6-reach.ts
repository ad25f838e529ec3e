import type { Machine } from '../machine/machine.ts'

/**
 * What a metadata service at an address of IPv6 takes to be asked: an address of one's own on its link (`fe80::...`), or a
 * router that is known by its advertisements.
 */
export type Ipv6Reach = 'link' | 'router'

const addressesPath = '/proc/net/if_inet6'
const routesPath = '/proc/net/ipv6_route'

/** IFA_F_DADFAILED and IFA_F_TENTATIVE of linux/if_addr.h: taken by another machine; not known yet not to be. */
const duplicate = 0x08
const tentative = 0x40

/** False when the kernel was told to do without IPv6. */
export const hasIpv6 = (machine: Machine): boolean => machine.files.exists(addressesPath)

const wordsIn = (machine: Machine, path: string): string[][] =>
  (machine.files.readTextIfExists(path) ?? '').split('\n').map((line) => line.trim().split(/\s+/))

/**
 * True once all of the link's own addresses are known to be its own. proc(5): address, number of the link, prefix, scope and
 * flags in hexadecimal digits, name of the link.
 */
const isSettled = (machine: Machine, link: string): boolean => {
  const flags = wordsIn(machine, addressesPath).flatMap(([, , , , flag = '', name]) =>
    name === link ? [Number.parseInt(flag, 16)] : [],
  )
  return flags.some((flag) => (flag & duplicate) === 0) && flags.every((flag) => (flag & tentative) === 0)
}

/** True when the link leads to a router: `::/0` by another's address is the 1st, 2nd and 5th word, the link's name the last. */
const hasRouter = (machine: Machine, link: string): boolean =>
  wordsIn(machine, routesPath).some(
    ([destination = '', prefix, , , gateway = '', ...rest]) =>
      rest.at(-1) === link && prefix === '00' && /^0{32}$/.test(destination) && /[^0]/.test(gateway),
  )

/**
 * Waits until a link that is up can be used for that. Addresses come from the kernel alone, a second or two after the link
 * has come up; so does the route by a router.
 * @returns false when the time is over
 */
export const waitForIpv6 = async (
  machine: Machine,
  link: string,
  reach: Ipv6Reach,
  timeoutSeconds: number,
): Promise<boolean> => {
  const { clock } = machine
  const end = clock.monotonic() + timeoutSeconds * 1000
  for (;;) {
    if (isSettled(machine, link) && (reach === 'link' || hasRouter(machine, link))) return true
    if (clock.monotonic() >= end) return false
    await clock.sleep(200)
  }
}
