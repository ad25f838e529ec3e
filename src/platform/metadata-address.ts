import { HttpFailure } from '../machine/errors.ts'
import type { HttpOutcome, HttpRequest, HttpResponse } from '../machine/http.ts'
import { type WaitOptions, waitForUrl } from '../machine/http-retry.ts'
import type { Machine } from '../machine/machine.ts'
import { shownUrl } from '../machine/shown-url.ts'

/** The address at which a metadata service answered first, and what it said. */
export interface MetadataAddress {
  readonly address: string
  readonly response: HttpResponse
}

/**
 * Waits until a metadata service answers at one of several addresses, started in parallel. When none of them can be
 * resolved (a setting that is wrong on this cloud), the usual ones are tried instead.
 *
 * @param requestFor the request that a service answers, by its address
 * @param usual the addresses of a cloud that is configured in no way
 */
export const findMetadataAddress = async (
  machine: Machine,
  addresses: readonly string[],
  requestFor: (address: string) => HttpRequest,
  usual: readonly string[],
  options: Omit<WaitOptions, 'order'>,
): Promise<MetadataAddress | undefined> => {
  const unresolved = new Set<string>()
  const said = new Map<string, string>()
  const final = (outcome: HttpOutcome): boolean => {
    said.set(outcome.url, outcome instanceof HttpFailure ? outcome.reason : `status ${outcome.status}`)
    if (outcome instanceof HttpFailure && outcome.reason === 'unresolved') unresolved.add(outcome.url)
    return unresolved.size === addresses.length || (options.final?.(outcome) ?? false)
  }
  const found = await waitForUrl(machine, addresses.map(requestFor), { ...options, order: 'parallel', final })
  const address = found && addresses[found.index]
  if (found !== undefined && address !== undefined) return { address, response: found.response }
  if (addresses.length > 0 && unresolved.size < addresses.length) {
    const answers = [...said].map(([url, what]) => `${shownUrl(url)}: ${what}`)
    machine.log.warning(`the metadata service gives no usable answer (${answers.join('; ')})`)
    return undefined
  }
  if (addresses === usual) return undefined
  machine.log.warning(`none of the metadata addresses ${addresses.join(', ')} resolves; trying the usual ones`)
  return findMetadataAddress(machine, usual, requestFor, usual, options)
}
