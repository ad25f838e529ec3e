import { MountError, messageOf } from '../../src/machine/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { type OvfEnv, readOvfEnv } from './ovf-env.ts'

/** Provisioning media that was found, and where. */
export interface Media {
  readonly ovf: OvfEnv
  /** `/dev/sr0`, or a folder. */
  readonly source: string
  readonly isDevice: boolean
}

const usualDevice = '/dev/sr0'
const largestFile = 1024 * 1024

/**
 * Looks for ovf-env.xml: seed folder, CD-ROM, any other disk of its kind, the copy of an earlier boot (the platform removes the
 * CD-ROM at the first reboot).
 * @throws ProvisioningFailure when a file is Azure's but unusable.
 */
export const findMedia = async (
  machine: Machine,
  folders: { readonly seed: string; readonly copy: string },
): Promise<Media | undefined> =>
  (await fromFolder(machine, folders.seed)) ?? (await fromDisks(machine)) ?? (await fromFolder(machine, folders.copy))

const fromFolder = async (machine: Machine, source: string): Promise<Media | undefined> => {
  const ovf = await ovfIn(machine, source)
  return ovf && { ovf, source, isDevice: false }
}

const fromDisks = async (machine: Machine): Promise<Media | undefined> => {
  const disks = await machine.disks.list()
  const discs = ['iso9660', 'udf'].flatMap((wanted) => disks.filter(({ type }) => type === wanted))
  const paths = discs.map(({ path }) => path)
  // It is tried even when nobody knows what is in it.
  const first = machine.files.exists(usualDevice) ? [usualDevice] : []
  for (const source of new Set([...first, ...paths])) {
    const ovf = await fromDevice(machine, source)
    if (ovf) return { ovf, source, isDevice: true }
  }
  return undefined
}

const fromDevice = async (machine: Machine, device: string): Promise<OvfEnv | undefined> => {
  try {
    return await machine.disks.withMounted(device, (folder) => ovfIn(machine, folder), { types: ['udf', 'iso9660'] })
  } catch (error) {
    if (!(error instanceof MountError)) throw error
    machine.log.debug(messageOf(error))
    return undefined
  }
}

const ovfIn = async (machine: Machine, folder: string): Promise<OvfEnv | undefined> => {
  const path = `${folder}/ovf-env.xml`
  const bytes = machine.files.stat(path)?.type === 'file' ? machine.files.readBytes(path, largestFile) : undefined
  if (!bytes) return undefined
  const ovf = await readOvfEnv(bytes)
  if (!ovf) machine.log.debug(`${path} has no ProvisioningSection: not Azure's`)
  return ovf
}
