import { LinkError, messageOf } from '../machine/errors.ts'
import type { DhcpLease } from '../machine/links.ts'
import type { Machine } from '../machine/machine.ts'
import { hasIpv6, type Ipv6Reach, waitForIpv6 } from './ipv6-reach.ts'

/**
 * Gets on the network by DHCP on one link while `use` works, and leaves no trace afterwards, whatever happens.
 * @throws LinkError when there is no lease; then `use` is not called.
 */
export const withLease = async <T>(
  machine: Machine,
  link: string,
  use: (lease: DhcpLease) => Promise<T>,
  options?: { readonly timeoutSeconds?: number },
): Promise<T> => {
  try {
    return await use(await machine.links.dhcp(link, options))
  } finally {
    await machine.links.release(link)
  }
}

/** A lease that comes at all usually comes in the first of these; after each it is looked whether IPv6 is there instead. */
const leaseSeconds: readonly number[] = [10, 15, 35]
/** An address that has just come is not known to be one's own for a second. */
const settlingSeconds = 2
/** Without a DHCP client the link has only just come up: its addresses, and a router's word, take some seconds. */
const firstSeconds = 5

/**
 * Asks a metadata service by a link that nobody has configured yet, and leaves no trace afterwards, whatever happens: by a
 * lease of DHCP (IPv4), and where there is none after ten seconds, by the addresses of IPv6 that the kernel gets by itself.
 * When nobody answers there, a lease is waited for again, a minute in all.
 *
 * @param ask is called once there is a lease (4) or IPv6 (6); with 6 it should soon give up, and undefined is no answer
 * @throws LinkError when there is neither
 */
export const askByLink = async <T>(
  machine: Machine,
  link: string,
  reach: Ipv6Reach,
  ask: (family: 4 | 6) => Promise<T | undefined>,
): Promise<T | undefined> => {
  if (!hasIpv6(machine)) return withLease(machine, link, () => ask(4))
  let isAsked = false
  const leaseFailure = async (timeoutSeconds: number): Promise<LinkError | undefined> => {
    try {
      await machine.links.dhcp(link, { timeoutSeconds })
      return undefined
    } catch (error) {
      if (error instanceof LinkError) return error
      throw error
    }
  }
  try {
    await machine.links.up(link)
    let failure: LinkError | undefined
    for (const seconds of leaseSeconds) {
      failure = await leaseFailure(seconds)
      if (failure === undefined) return await ask(4)
      if (!isAsked && (await waitForIpv6(machine, link, reach, failure.isFinal ? firstSeconds : settlingSeconds))) {
        machine.log.info(`${messageOf(failure)}; asking for metadata by IPv6`)
        isAsked = true
        const answer = await ask(6)
        if (answer !== undefined) return answer
      }
      if (failure.isFinal) break
    }
    throw failure
  } finally {
    await machine.links.release(link)
  }
}

/**
 * Puts a link-local address on a link while `use` works, and leaves no trace afterwards, whatever happens. That the
 * address can't be set is logged only: the machine may have one already.
 */
export const withLinkLocal = async <T>(machine: Machine, link: string, use: () => Promise<T>): Promise<T> => {
  try {
    await machine.links.linkLocal(link).catch((error: unknown) => {
      machine.log.warning(`no link-local address, metadata may be out of reach: ${messageOf(error)}`)
    })
    return await use()
  } finally {
    await machine.links.release(link)
  }
}
