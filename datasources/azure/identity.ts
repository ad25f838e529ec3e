import type { Files } from '../../src/machine/files.ts'
import { ProvisioningFailure } from './failure.ts'

const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/

/** Swaps the bytes of a UUID's first three fields: the two ways in which SMBIOS writes one. */
export const byteSwapped = (uuid: string): string => {
  const hex = uuid.replaceAll('-', '')
  const reversed = (start: number, end: number): string => (hex.slice(start, end).match(/../g) ?? []).reverse().join('')
  return [reversed(0, 8), reversed(8, 12), reversed(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Generation 2 machines boot by UEFI; generation 1 machines show their id byte-swapped. */
const isGeneration1 = (files: Files): boolean => !files.exists('/sys/firmware/efi') && !files.exists('/dev/efi')

/**
 * The id by which Azure knows the machine.
 * @throws ProvisioningFailure when the system UUID is missing or not a UUID.
 */
export const vmIdOf = (files: Files, systemUuid: string): string => {
  const uuid = systemUuid.toLowerCase()
  const failure = (exception: string): ProvisioningFailure =>
    new ProvisioningFailure('failure to identify Azure VM ID', { exception, system_uuid: uuid || null })
  if (uuid === '') throw failure('RuntimeError(no system UUID in DMI)')
  if (!isGeneration1(files)) return uuid
  if (!uuidPattern.test(uuid)) throw failure("ValueError('badly formed hexadecimal UUID string')")
  return byteSwapped(uuid)
}

/**
 * The system UUID in lower case, or the id of the previous boot as it was written when it is the same one in upper case or
 * byte-swapped: a change of spelling must not make it a new instance.
 */
export const instanceIdOf = (systemUuid: string, previous: string | undefined): string => {
  const uuid = systemUuid.toLowerCase()
  const earlier = previous?.trim()
  if (!earlier) return uuid
  const isSame = [uuid, byteSwapped(uuid)].includes(earlier.toLowerCase())
  return isSame ? earlier : uuid
}
