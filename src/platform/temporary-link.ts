import { messageOf } from '../machine/errors.ts'
import type { DhcpLease } from '../machine/links.ts'
import type { Machine } from '../machine/machine.ts'

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
