import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { FirstlightError } from '../../../src/machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../../src/machine/json.ts'
import { checkNetwork } from '../../../src/network/check.ts'
import { convertNetwork, type NetworkKind, networkKinds, readNetworkDocument } from '../../../src/network/convert.ts'
import { networkFromCmdline, networkFromInitramfs } from '../../../src/network/from-cmdline.ts'
import { linkFiles } from '../../../src/network/link-files.ts'
import { documentOf, parseNetwork, passThrough } from '../../../src/network/parse/index.ts'
import type { RenderedFile } from '../../../src/network/render/renderer.ts'
import { klibcFacts } from '../../vectors/network-cmdline.ts'
import { conversions, readMetadataCase } from '../../vectors/network-metadata.ts'

/** A network document, in one of the forms that firstlight reads. */
interface Document {
  /** `own/NAME`, `convert/NAME`, ... */
  readonly name: string
  readonly kind: NetworkKind
  readonly text: string
  readonly macs: JsonObject
  readonly nics: JsonObject
}

/** Folder of the outputs of a renderer -> what it writes for which distribution. */
const variants: Readonly<Record<string, { readonly distro: string; readonly renderer: string }>> = {
  netplan: { distro: 'ubuntu', renderer: 'netplan' },
  eni: { distro: 'debian', renderer: 'eni' },
  networkd: { distro: 'debian', renderer: 'networkd' },
  'network-manager': { distro: 'rhel', renderer: 'network-manager' },
  'sysconfig-rhel': { distro: 'rhel', renderer: 'sysconfig' },
  'sysconfig-suse': { distro: 'opensuse', renderer: 'sysconfig' },
}

export interface Written {
  /** Outputs of each renderer, by its folder. */
  readonly count: Readonly<Record<string, number>>
  /** Documents that firstlight refuses for that renderer: how many. */
  readonly refused: number
}

/**
 * Renders every document by every renderer: `folder`/RENDERER/FAMILY@NAME/etc/...
 * @param vectors folder of the recorded cases, where there is one
 */
export const writeOutputs = async (folder: string, vectors: string | undefined): Promise<Written> => {
  const count: Record<string, number> = {}
  let refused = 0
  for (const [variant, { distro, renderer }] of Object.entries(variants)) {
    mkdirSync(join(folder, variant), { recursive: true })
    const documents = [...ownDocuments(), ...(vectors === undefined ? [] : await recordedDocuments(vectors, renderer))]
    for (const document of documents) {
      const files = render(document, distro, renderer)
      if (files === undefined) refused += 1
      else {
        writeFiles(join(folder, variant, document.name.replace('/', '@')), files)
        count[variant] = (count[variant] ?? 0) + 1
      }
    }
  }
  return { count, refused }
}

export const writeFiles = (folder: string, files: readonly Pick<RenderedFile, 'path' | 'content' | 'mode'>[]): void => {
  mkdirSync(folder, { recursive: true })
  for (const { path, content, mode } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content, { mode })
  }
}

/** What a machine would get; undefined where firstlight refuses the document. */
const render = (document: Document, distro: string, renderer: string): RenderedFile[] | undefined => {
  const { kind, macs, nics } = document
  try {
    const options = { kind, distro, renderer, hasIp: true, macs: nicsOf(macs), nics: nicsOf(nics), warn: () => {} }
    const files = convertNetwork(document.text, options)
    const config = documentOf(readNetworkDocument(document.text, options))
    // netplan understands more than the model: then only netplan judges.
    if (renderer === 'netplan' && passThrough(config) !== undefined) return files
    const model = parseNetwork(config, options)
    checkNetwork(config, model, () => {})
    return [...files, ...linkFiles(model.links, renderer)]
  } catch (error) {
    if (error instanceof FirstlightError) return undefined
    throw error
  }
}

const nicsOf = (macs: JsonObject) => Object.entries(macs).map(([name, mac]) => ({ name, mac: String(mac) }))

const kindsByEnding: Readonly<Record<string, NetworkKind>> = { '.yaml': 'yaml', '.eni': 'eni' }

/** inputs/*.yaml and *.eni; an input may need interfaces that only recorded cases have, so these need none. */
const ownDocuments = (): Document[] => {
  const inputs = join(import.meta.dirname, 'inputs')
  return readdirSync(inputs).map((file) => ({
    name: `own/${file.slice(0, -extname(file).length)}`,
    kind: kindsByEnding[extname(file)] ?? 'yaml',
    text: readFileSync(join(inputs, file), 'utf8'),
    macs: {},
    nics: {},
  }))
}

const readCases = (vectors: string, family: string): JsonObject[] => {
  const folder = join(vectors, 'network', family)
  return readdirSync(folder).map((file) => {
    const vector: Json = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    if (!isJsonObject(vector)) throw new Error(`${family}/${file} is no mapping`)
    return vector
  })
}

/** Documents as recorded, and those that firstlight makes of recorded metadata and kernel command lines. */
const recordedDocuments = async (vectors: string, renderer: string): Promise<Document[]> => {
  const documents = readCases(vectors, 'convert').map((vector) => ({
    name: `convert/${textAt(vector, 'name')}`,
    kind: networkKinds.find((kind) => kind === vector['kind']) ?? 'yaml',
    text: textAt(vector, 'input') ?? '',
    macs: objectAt(vector, 'macs'),
    nics: objectAt(vector, 'host_interfaces'),
  }))
  for (const vector of readCases(vectors, 'metadata'))
    documents.push(...made('metadata', vector, await sensible(() => fromMetadata(vector, renderer))))
  for (const vector of readCases(vectors, 'cmdline'))
    documents.push(...made('cmdline', vector, await sensible(() => fromCmdline(vector))))
  return documents
}

const made = (family: string, vector: JsonObject, config: Json | undefined): Document[] =>
  isJsonObject(config) && config['config'] !== 'disabled'
    ? [
        {
          name: `${family}/${textAt(vector, 'name')}`,
          kind: 'yaml',
          text: JSON.stringify(config),
          macs: {},
          nics: interfacesOf(vector),
        },
      ]
    : []

const interfacesOf = (vector: JsonObject): JsonObject => {
  const interfaces = vector['interfaces']
  const nics = (Array.isArray(interfaces) ? interfaces : []).filter(isJsonObject)
  return Object.fromEntries(nics.map((nic) => [textAt(nic, 'name') ?? '', textAt(nic, 'mac') ?? '']))
}

/** Metadata that firstlight refuses is judged elsewhere. */
const sensible = async (convert: () => Json | undefined | Promise<Json | undefined>): Promise<Json | undefined> => {
  try {
    return await convert()
  } catch (error) {
    if (error instanceof FirstlightError) return undefined
    throw error
  }
}

const fromMetadata = async (vector: JsonObject, renderer: string): Promise<Json | undefined> => {
  const recorded = readMetadataCase(vector)
  const convert = conversions[textAt(vector, 'cloud') ?? '']
  const config = await convert?.({ ...recorded, params: { ...recorded.params, renderer } })
  return isJsonObject(config) && config['network_config'] !== undefined ? config['network_config'] : config
}

const fromCmdline = (vector: JsonObject): Json | undefined =>
  vector['family'] === 'cmdline-klibc'
    ? networkFromInitramfs(klibcFacts(vector))
    : networkFromCmdline(textAt(vector, 'cmdline') ?? '')
