import type { Machine } from '../../src/machine/machine.ts'
import { opensshKeyOf, pemBody, readCertificates } from './certificates.ts'
import type { GoalState } from './goal-state.ts'
import type { OvfKey } from './ovf-env.ts'
import { transportKey } from './transport-key.ts'
import type { WireServer } from './wire-server.ts'

/** Keys that the media names by the fingerprint of a certificate alone. */
export const needCertificates = (keys: readonly OvfKey[]): boolean =>
  keys.some(({ value, fingerprint }) => value === '' && fingerprint !== undefined)

/** The keys that the media gives by value: they need nobody's help. */
export const keysByValue = (keys: readonly OvfKey[]): string[] => keys.flatMap(({ value }) => value || [])

/**
 * All keys of the media in its order; those named by fingerprint are looked up among the goal state's certificates.
 * A key that can't be found is logged and left out.
 * @throws what requests and readCertificates throw.
 */
export const keysByCertificate = async (
  machine: Machine,
  keys: readonly OvfKey[],
  from: { readonly goalState: GoalState; readonly wire: WireServer; readonly folder: string },
): Promise<string[]> => {
  const url = from.goalState.certificatesUrl
  const key = url === undefined ? undefined : await transportKey(machine, from.folder)
  const document = url && key ? await from.wire.certificates(url, pemBody(key.certificate)) : undefined
  const certificates = document && key ? await readCertificates(document, key) : []
  const pemByThumbprint = new Map(certificates.map(({ thumbprint, pem }) => [thumbprint, pem]))
  return keys.flatMap(({ value, fingerprint }) => {
    if (value !== '') return value
    const pem = pemByThumbprint.get(fingerprint?.toUpperCase() ?? '')
    const found = pem === undefined ? undefined : opensshKeyOf(pem)
    if (found === undefined) {
      const named = fingerprint === undefined ? 'without value and fingerprint' : fingerprint
      machine.log.warning(`ovf-env.xml: the public key ${named} is not among the goal state's certificates; left out`)
    }
    return found ?? []
  })
}
