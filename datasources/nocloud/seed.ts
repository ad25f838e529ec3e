import { parseYaml, YamlError } from '../../src/cloudconfig/yaml.ts'
import { isJsonObject, type Json, type JsonObject } from '../../src/machine/json.ts'
import type { Log } from '../../src/machine/log.ts'

/** What one place has to say. A part that is undefined leaves what others said. */
export interface Seed {
  readonly metadata: JsonObject
  readonly userData?: Uint8Array | undefined
  readonly vendorData?: Uint8Array | undefined
  readonly networkConfig?: JsonObject | undefined
}

/** The names of the four files of a seed. */
export const seedFiles = ['meta-data', 'user-data', 'vendor-data', 'network-config'] as const
export type SeedFile = (typeof seedFiles)[number]

export const isRequired = (file: SeedFile): boolean => file === 'meta-data' || file === 'user-data'

/** A seed of the contents of its files. */
export const seedOfFiles = (files: Partial<Record<SeedFile, Uint8Array>>, source: string, log: Log): Seed => {
  const text = (file: SeedFile): string => Buffer.from(files[file] ?? []).toString('utf8')
  return {
    metadata: mappingOf(text('meta-data'), `${source}/meta-data`, log) ?? {},
    userData: files['user-data'],
    vendorData: files['vendor-data'],
    networkConfig: mappingOf(text('network-config'), `${source}/network-config`, log),
  }
}

/**
 * A mapping written as YAML (or JSON); undefined when the text is empty. Anything else is reported and counts as empty,
 * so that one bad file does not cost the others.
 */
export const mappingOf = (text: string, source: string, log: Log): JsonObject | undefined => {
  const value = yamlOf(text, source, log)
  if (value === null || isJsonObject(value)) return value ?? undefined
  log.error(`${source}: a YAML mapping is expected; the file is ignored`)
  return undefined
}

const yamlOf = (text: string, source: string, log: Log): Json => {
  try {
    return parseYaml(text, source)
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    log.error(`${error.message}; the file is ignored`)
    return null
  }
}

/** `first`, and what `second` has besides, mappings key by key at any depth. */
export const filledUp = (first: JsonObject, second: JsonObject): JsonObject => {
  const filled: JsonObject = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const present = filled[key]
    if (present === undefined) filled[key] = value
    else if (isJsonObject(present) && isJsonObject(value)) filled[key] = filledUp(present, value)
  }
  return filled
}

/** Puts a further place's seed to what is there: of metadata the first word counts, of the rest the last. */
export const added = (seed: Seed, further: Seed): Seed => ({
  metadata: filledUp(seed.metadata, further.metadata),
  userData: further.userData ?? seed.userData,
  vendorData: further.vendorData ?? seed.vendorData,
  networkConfig: further.networkConfig ?? seed.networkConfig,
})
