import type { BlockDevice } from '../../src/machine/disks.ts'
import { messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../src/machine/json.ts'
import type { Log } from '../../src/machine/log.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { isRequired, mappingOf, type Seed, type SeedFile, seedFiles, seedOfFiles } from './seed.ts'

/** A seed and the place where it was found, as it is shown to the user. */
export interface FoundSeed {
  readonly place: string
  readonly seed: Seed
}

/** The files of a seed in a folder; undefined when a required one is missing. */
export const readFolder = (
  machine: Machine,
  folder: string,
  nameOf = (file: SeedFile): string => `${folder}/${file}`,
): Partial<Record<SeedFile, Uint8Array>> | undefined => {
  const files: Partial<Record<SeedFile, Uint8Array>> = {}
  for (const file of seedFiles) {
    const content = machine.files.readBytesIfExists(nameOf(file))
    if (content !== undefined) files[file] = content
    else if (isRequired(file)) return undefined
  }
  return files
}

/** The folders that images and installers plant. */
export const seedFolders = ({ paths }: DatasourceContext): string[] => [
  `${paths.cloud}/seed/nocloud`,
  `${paths.cloud}/seed/nocloud-net`,
]

/** The first seed folder that has the required files. */
export const seedInFolder = (context: DatasourceContext): FoundSeed | undefined => {
  const { machine } = context
  for (const place of seedFolders(context)) {
    try {
      const files = readFolder(machine, place)
      if (files) return { place, seed: seedOfFiles(files, place, machine.log) }
    } catch (error) {
      machine.log.warning(`${place} is not used as a seed: ${messageOf(error)}`)
    }
  }
  return undefined
}

/** A seed within the configuration: it needs both `user-data` and `meta-data`, text or (not user-data) mappings. */
export const seedInSettings = ({ settings, machine: { log } }: DatasourceContext): FoundSeed | undefined => {
  if (settings['user-data'] === undefined || settings['meta-data'] === undefined) return undefined
  const mapping = (file: SeedFile): JsonObject | undefined => settingMapping(settings[file], file, log)
  const text = (file: SeedFile): Uint8Array | undefined => settingText(settings[file], file, log)
  return {
    place: 'ds_config',
    seed: {
      metadata: mapping('meta-data') ?? {},
      userData: text('user-data'),
      vendorData: text('vendor-data'),
      networkConfig: mapping('network-config'),
    },
  }
}

const settingMapping = (value: Json | undefined, file: SeedFile, log: Log): JsonObject | undefined => {
  if (value === undefined || value === null || isJsonObject(value)) return value ?? undefined
  return mappingOf(String(value), `datasource.NoCloud.${file}`, log)
}

const settingText = (value: Json | undefined, file: SeedFile, log: Log): Uint8Array | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return Buffer.from(value)
  log.error(`datasource.NoCloud.${file}: text is expected (write it as a block: "${file}: |"); it is ignored`)
  return undefined
}

const diskTypes = ['vfat', 'iso9660']

const hasLabel = (disk: BlockDevice, label: string): boolean =>
  disk.label === label.toLowerCase() || disk.label === label.toUpperCase() || disk.labelFatboot === label

/** The first disk with the label (of several, the one whose name sorts last) that can be mounted and has a seed. */
export const seedOnDisk = async (context: DatasourceContext): Promise<FoundSeed | undefined> => {
  const { machine, settings } = context
  const label = settings['fs_label'] === undefined ? 'cidata' : settings['fs_label']
  if (typeof label !== 'string' || label === '') return undefined
  const disks = await machine.disks.list()
  const candidates = disks
    .filter((disk) => diskTypes.includes(disk.type ?? '') && hasLabel(disk, label))
    .map(({ path }) => path)
    .sort()
    .reverse()
  for (const place of candidates) {
    try {
      const files = await machine.disks.withMounted(place, (folder) => readFolder(machine, folder), {
        types: diskTypes,
      })
      if (files) {
        const others = candidates.filter((candidate) => candidate !== place)
        if (others.length > 0)
          machine.log.info(`${place} is the seed; ${others.join(', ')} with the same label ${label} is not used`)
        return { place, seed: seedOfFiles(files, place, machine.log) }
      }
      machine.log.warning(`${place} is labelled ${label} but has not both meta-data and user-data; it is not used`)
    } catch (error) {
      machine.log.warning(`${place} is not used as a seed: ${messageOf(error)}`)
    }
  }
  return undefined
}
