import type { BlockDevice } from '../../src/machine/disks.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'

const labels: readonly string[] = ['config-2', 'CONFIG-2']
const types: readonly string[] = ['vfat', 'iso9660']

export const isLabelled = (disk: BlockDevice | undefined): boolean =>
  disk?.label !== undefined && labels.includes(disk.label)

/**
 * Disks that may be the config drive, most likely first: those with its label, then whole vfat and iso9660 disks; of
 * each kind the last name first (a config drive is attached after the disks the image knows).
 */
export const candidateDisks = async ({ machine, config }: DatasourceContext): Promise<string[]> => {
  const disks = await machine.disks.list()
  const lastFirst = (chosen: readonly BlockDevice[]): string[] =>
    chosen
      .map(({ path }) => path)
      .sort()
      .reverse()
  const labelled = disks.filter(isLabelled)
  const whole = disks.filter(
    (disk) => !disk.isPartition && disk.type !== undefined && types.includes(disk.type) && !labelled.includes(disk),
  )
  const candidates = [...lastFirst(labelled), ...lastFirst(whole)]
  const list = config['datasource_list']
  if (!Array.isArray(list) || !list.includes('IBMCloud')) return candidates
  // IBM Cloud, too, has a disk with this label (or METADATA); where that datasource is wanted, the disk is its own.
  if (!machine.files.exists('/proc/xen')) return candidates
  const ibm = ibmDisk(disks)
  return candidates.filter((path) => path !== ibm)
}

/** IBM Cloud's uuid for its config drives. */
const ibmUuid = '9796-932E'

const ibmDisk = (disks: readonly BlockDevice[]): string | undefined => {
  const sorted = disks.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const ofLabel = (wanted: string) => sorted.filter(({ label }) => label?.toUpperCase() === wanted)
  const configDrive = ofLabel('CONFIG-2').find(({ uuid }) => uuid?.toUpperCase() === ibmUuid)
  return (configDrive ?? ofLabel('METADATA')[0])?.path
}
