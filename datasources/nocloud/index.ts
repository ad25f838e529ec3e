import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { dsmodeOf } from '../../src/instance/dsmode.ts'
import { fromMetadata } from '../../src/instance/from-metadata.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { unknownCloud } from '../../src/instance/instance-v1.ts'
import { messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../../src/machine/json.ts'
import { networkFromInterfaces } from '../../src/network/eni-to-v1.ts'
import { type DatasourceContext, defineDatasource } from '../../src/platform/datasource.ts'
import { localAddress, metadataInWords, networkAddress } from './command-line.ts'
import { readDmi, replaceDmiVariables } from './dmi-variables.ts'
import { type FoundSeed, seedFolders, seedInFolder, seedInSettings, seedOnDisk } from './places.ts'
import { added, filledUp, type Seed } from './seed.ts'
import { readSeedFrom } from './seed-from.ts'

const id = 'NoCloud'

const fetch = async (context: DatasourceContext): Promise<InstanceData | undefined> => {
  const seeds = await gatherSeeds(context)
  if (seeds.length === 0) return undefined
  const places = seeds.map(({ place }) => place)
  // The setting names the address whatever the other places say.
  const first = added(nothing, seedfromSetting(context)?.seed ?? nothing)
  const gathered = seeds.reduce<Seed>((seed, found) => added(seed, found.seed), first)

  const seedfrom = gathered.metadata['seedfrom']
  if (seedfrom === undefined) return instanceOf(context, gathered, places)
  const address = usableAddress(context, seedfrom)
  if (address === undefined) return undefined
  const fetched = await readSeedFrom(context.machine, address)
  const seed = { ...fetched, metadata: filledUp(gathered.metadata, fetched.metadata) }
  return instanceOf(context, seed, [...places, address])
}

const nothing: Seed = { metadata: {}, userData: Buffer.of(), vendorData: Buffer.of() }

/** Every place where a seed may be, the most important for metadata first. */
const gatherSeeds = async (context: DatasourceContext): Promise<FoundSeed[]> => {
  const places = [
    seedInWords('dmi', serialOf(context)),
    seedInWords('cmdline', context.platform.cmdline),
    seedInFolder(context),
    seedfromSetting(context),
    seedInSettings(context),
    await seedOnDisk(context),
  ]
  return places.filter((found) => found !== undefined)
}

const seedInWords = (place: string, words: string): FoundSeed | undefined => {
  const metadata = metadataInWords(words)
  return metadata && { place, seed: { metadata } }
}

/** The serial number is the owner's word even in a container, where other DMI fields don't count. */
const serialOf = ({ machine, platform }: DatasourceContext): string =>
  platform.dmi.productSerial || readDmi(machine, 'product_serial')

const seedfromSetting = ({ settings }: DatasourceContext): FoundSeed | undefined => {
  const seedfrom = settings['seedfrom']
  return seedfrom ? { place: 'ds_config_seedfrom', seed: { metadata: { seedfrom } } } : undefined
}

/** The address with its variables replaced; undefined when it is none that can be read in this stage. */
const usableAddress = ({ machine, stage }: DatasourceContext, seedfrom: Json): string | undefined => {
  const wanted = stage === 'network' ? networkAddress : localAddress
  if (typeof seedfrom === 'string' && wanted.test(seedfrom)) return replaceDmiVariables(machine, seedfrom)
  const isForLater = typeof seedfrom === 'string' && stage === 'local' && networkAddress.test(seedfrom)
  if (isForLater) machine.log.debug(`${id}: seedfrom is read once the network is up`)
  else machine.log.warning(`${id}: seedfrom can't be read in the ${stage} stage: it takes http(s), ftp(s), or a folder`)
  return undefined
}

const instanceOf = (context: DatasourceContext, seed: Seed, places: readonly string[]): InstanceData | undefined => {
  const { machine } = context
  const metadata = filledUp(seed.metadata, { 'instance-id': 'nocloud', dsmode: 'net' })
  const dsmode = dsmodeOf([textAt(metadata, 'dsmode')], machine.log)
  if (dsmode === 'disabled') return undefined
  const place = places.join(',')
  const networkConfig = seed.networkConfig ?? networkInMetadata(context, metadata)
  return {
    cloudName: unknownCloud,
    ...fromMetadata(metadata),
    instanceId: instanceIdOf(metadata) ?? 'nocloud',
    platform: machine.files.exists('/dev/lxd/sock') ? 'lxd' : 'nocloud',
    subplatform: `${place.startsWith('/dev') ? 'config-disk' : 'seed-dir'} (${place})`,
    dsmode,
    ...(seed.userData && { userData: seed.userData }),
    ...(seed.vendorData && { vendorData: seed.vendorData }),
    ...(networkConfig && { networkConfig }),
  }
}

const instanceIdOf = (metadata: JsonObject): string | undefined => {
  const value = metadata['instance-id']
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
}

/** `network-interfaces` in the metadata: interfaces(5) text, from before there was network-config. */
const networkInMetadata = ({ machine }: DatasourceContext, metadata: JsonObject): JsonObject | undefined => {
  const text = textAt(metadata, 'network-interfaces')
  if (text === undefined) return undefined
  try {
    return networkFromInterfaces(text)
  } catch (error) {
    machine.log.error(`meta-data, key network-interfaces: ${messageOf(error)}; it is ignored`)
    return undefined
  }
}

/** In the network stage only when somebody named it: seeds that need no network were found before. */
const detect = (context: DatasourceContext): boolean => {
  if (context.stage === 'local' || context.settings['seedfrom']) return true
  return metadataInWords(serialOf(context)) !== undefined || metadataInWords(context.platform.cmdline) !== undefined
}

/** The instance id as the command line or a seed folder has it now, read without mounting anything. */
const presentId = (context: DatasourceContext): string | undefined => {
  const named = instanceIdOf(metadataInWords(context.platform.cmdline) ?? {})
  if (named !== undefined) return named
  for (const folder of seedFolders(context)) {
    const text = context.machine.files.readTextIfExists(`${folder}/meta-data`)
    const metadata = text === undefined ? null : parseYaml(text, `${folder}/meta-data`)
    const found = isJsonObject(metadata) ? instanceIdOf(metadata) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** Seeds that somebody put there: kernel command line, SMBIOS, folder, configuration, labelled disk, or an address. */
export default defineDatasource({
  id,
  stages: ['local', 'network'],
  detect,
  fetch,
  checkInstanceId: (context, storedId) => storedId !== '' && presentId(context) === storedId,
})
