import { parseYaml, type YamlLimits } from '../cloudconfig/yaml.ts'
import { bytesOfText, textOfBytes } from '../machine/bytes.ts'
import { ConfigError, messageOf } from '../machine/errors.ts'
import { isJsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import { readArchive } from './archive.ts'
import { fetchInclude, type IncludeBudget, includeLines } from './include.ts'
import { defaultUserDataLimits, type UserDataLimits } from './limits.ts'
import { filenameOf, headerOf, type MimeEntity, parseMime } from './mime.ts'
import { contentTypes, type Part, typeByBeginning } from './part.ts'
import { decodeBody } from './transfer-encoding.ts'
import { isGzip, unpackGzip } from './unpack-gzip.ts'

export interface ReadPartsOptions {
  /** What is read, for the log: `user-data`, `vendor-data`. */
  readonly source: string
  /** Folder in which answers to `#include-once` are kept. */
  readonly cacheFolder: string
  readonly limits?: UserDataLimits
}

/**
 * Unpacks user-data into a flat list of parts: gzip, MIME, archives and includes are opened, at any layer. A part that
 * can't be read is reported and left out; the others are read.
 */
export const readParts = async (
  machine: Machine,
  documents: readonly Uint8Array[],
  options: ReadPartsOptions,
): Promise<Part[]> => {
  const limits = options.limits ?? defaultUserDataLimits
  const reader = new PartReader(machine, options, limits)
  for (const document of documents) await reader.readDocument(document, options.source, limits.maxDepth)
  return reader.parts
}

/** Compressed parts are known by their type alone. */
const compressedTypes: ReadonlySet<string> = new Set([
  'application/gzip',
  'application/gzipped',
  'application/gzip-compressed',
  'application/x-compress',
  'application/x-compressed',
  'application/x-gunzip',
  'application/x-gzip',
  'application/x-gzip-compressed',
])

/** Types that senders put on anything: there the first line counts. */
const vagueTypes: ReadonlySet<string> = new Set(['text/plain', contentTypes.notMultipart, contentTypes.script])

const mimeHeaders = /^(?:content-type|content-disposition|content-transfer-encoding|mime-version)$/i

class PartReader {
  readonly parts: Part[] = []
  readonly #machine: Machine
  readonly #options: ReadPartsOptions
  readonly #limits: UserDataLimits
  readonly #budget: IncludeBudget
  readonly #told = new Set<string>()
  #isFull = false
  #includes = 0

  constructor(machine: Machine, options: ReadPartsOptions, limits: UserDataLimits) {
    this.#machine = machine
    this.#options = options
    this.#limits = limits
    this.#budget = { secondsLeft: limits.maxAllIncludesSeconds }
  }

  async readDocument(bytes: Uint8Array, name: string, depth: number): Promise<void> {
    await this.#tolerate(async () => {
      const { maxUnpackedBytes } = this.#limits
      const plain = isGzip(bytes) ? await unpackGzip(bytes, name, maxUnpackedBytes) : bytes
      const text = textOfBytes(plain)
      const isMime = /mime-version:/i.test(text.slice(0, 4096))
      const entity: MimeEntity = isMime
        ? this.#parseMime(text, depth)
        : { headers: [], contentType: contentTypes.notMultipart, body: text }
      await this.#readEntity(entity, depth)
    })
  }

  #parseMime(text: string, depth: number): MimeEntity {
    try {
      return parseMime(text, depth)
    } catch (error) {
      throw error instanceof RangeError ? this.#tooDeep('multipart') : error
    }
  }

  #tooDeep(what: string): ConfigError {
    return new ConfigError(what, `nested deeper than ${this.#limits.maxDepth} levels (input_limits.part_depth)`)
  }

  async #tolerate(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const message = `${this.#options.source}: a part is left out: ${messageOf(error)}`
      // What includes itself is left out many times, for one reason.
      if (!this.#told.has(message)) this.#machine.log.error(message)
      this.#told.add(message)
    }
  }

  async #readEntity(entity: MimeEntity, depth: number): Promise<void> {
    if (!entity.children) return this.#tolerate(() => this.#readLeaf(entity, depth))
    if (entity.children.length === 0 && entity.body.trim() !== '') {
      this.#machine.log.warning(
        `${this.#options.source}: a multipart has no parts: its boundary is missing or never appears`,
      )
    }
    for (const child of entity.children) await this.#readEntity(child, depth)
    return undefined
  }

  async #readLeaf(entity: MimeEntity, depth: number): Promise<void> {
    const payload = decodeBody(entity.body, headerOf(entity.headers, 'content-transfer-encoding'))
    const own = entity.headers.filter(([name]) => !mimeHeaders.test(name))
    const filename = filenameOf(entity)
    if (!compressedTypes.has(entity.contentType)) {
      const type = vagueTypes.has(entity.contentType) ? typeByBeginning(payload) : undefined
      const headers = Object.fromEntries(own)
      await this.#place({ contentType: type ?? entity.contentType, payload, headers }, filename, depth)
      return
    }
    const name = filename ?? entity.contentType
    const unpacked = await unpackGzip(bytesOfText(payload), name, this.#limits.maxUnpackedBytes)
    const text = textOfBytes(unpacked)
    const headers = Object.fromEntries(own.filter(([header]) => header.toLowerCase() === 'launch-index'))
    await this.#place({ contentType: typeByBeginning(text) ?? 'text/plain', payload: text, headers }, filename, depth)
  }

  async #place(part: Omit<Part, 'filename'>, filename: string | undefined, depth: number): Promise<void> {
    const { contentType, payload } = part
    if (contentType === contentTypes.include || contentType === contentTypes.includeOnce) {
      await this.#readIncludes(payload, depth - 1)
    } else if (contentType === contentTypes.archive) {
      for (const entry of readArchive(payload, filename ?? this.#options.source, this.#limits.yaml))
        this.#add(entry, entry.filename)
    } else {
      this.#add(part, filename)
    }
  }

  async #readIncludes(text: string, depth: number): Promise<void> {
    if (depth <= 0)
      throw new ConfigError('#include', `nested deeper than ${this.#limits.maxDepth} levels (input_limits.part_depth)`)
    for (const line of includeLines(text)) {
      if (this.#isFull || this.#includes > this.#limits.maxIncludes) return
      this.#includes += 1
      await this.#tolerate(async () => {
        const { cacheFolder } = this.#options
        if (this.#includes > this.#limits.maxIncludes) {
          throw new ConfigError('#include', `more than ${this.#limits.maxIncludes} addresses (input_limits.includes)`)
        }
        const bytes = await fetchInclude(this.#machine, line, cacheFolder, this.#limits, this.#budget)
        await this.readDocument(bytes, line.url, depth)
      })
    }
  }

  #add(part: Omit<Part, 'filename'>, filename: string | undefined): void {
    if (this.parts.length >= this.#limits.maxParts) {
      if (!this.#isFull) {
        this.#machine.log.error(
          `${this.#options.source}: the parts after number ${this.#limits.maxParts} are left out (input_limits.parts)`,
        )
      }
      this.#isFull = true
      return
    }
    const name = filename ?? `part-${String(this.parts.length + 1).padStart(3, '0')}`
    const { contentType, payload } = part
    this.parts.push({ contentType, filename: name, payload, headers: withLaunchIndex(part, this.#limits.yaml) })
  }
}

/** A cloud-config may say itself for which machine of a launch it is; a header says it for any part, and wins. */
const withLaunchIndex = (
  { contentType, payload, headers }: Omit<Part, 'filename'>,
  limits: YamlLimits,
): Readonly<Record<string, string>> => {
  const name = Object.keys(headers).find((header) => header.toLowerCase() === 'launch-index')
  const rest = Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name))
  const written = name === undefined ? launchIndexIn(contentType, payload, limits) : headers[name]
  const index = written === undefined ? Number.NaN : Math.trunc(Number(written))
  return Number.isNaN(index) || written === '' ? rest : { ...rest, 'Launch-Index': String(index) }
}

const launchIndexIn = (contentType: string, payload: string, limits: YamlLimits): string | undefined => {
  if (contentType !== contentTypes.cloudConfig || !payload.includes('launch-index')) return undefined
  try {
    const config = parseYaml(payload, 'cloud-config', limits)
    const index = isJsonObject(config) ? (config['launch-index'] ?? undefined) : undefined
    return index === undefined ? undefined : String(index)
  } catch {
    // Broken YAML is reported when the part is merged.
    return undefined
  }
}

/**
 * The parts that are for this machine of a launch: those without a launch index, and those with its own. All, when the
 * machine's index is unknown or no number.
 */
export const partsForLaunchIndex = (parts: readonly Part[], launchIndex: unknown): readonly Part[] => {
  const text = String(launchIndex ?? '').trim()
  if (!/^[-+]?[0-9]+(?:\.[0-9]*)?$/.test(text)) return parts
  const own = Math.trunc(Number(text))
  return parts.filter(({ headers }) => {
    const index = headers['Launch-Index']
    return index === undefined || Number(index) === own
  })
}
