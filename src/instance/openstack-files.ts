import { utf8OrNothing } from '../machine/bytes.ts'
import { DatasourceError, messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import { lenientBase64 } from '../platform/base64.ts'
import { binaryValue } from './binary-values.ts'
import { fromMetadata } from './from-metadata.ts'
import type { InstanceData } from './instance-data.ts'
import { publicKeysOf } from './public-keys.ts'
import { vendorDataOf } from './vendor-data.ts'

/** Where OpenStack's files lie: a config drive, or the metadata service. */
export interface OpenstackStore {
  /** Datasource id, for errors. */
  readonly id: string
  readonly log: Log
  /**
   * The content of a file by its path below the root, such as `openstack/latest/user_data`; undefined: no such file.
   * @throws when it is there but can't be read.
   */
  read(path: string): Promise<Uint8Array | undefined>
}

/** What the files of one version say, typed. */
export interface OpenstackFiles {
  /** `latest`, `2018-08-27`, ... */
  readonly version: string
  readonly instanceId: string
  /** meta_data.json with `instance-id` and `local-hostname` added. */
  readonly metadata: JsonObject
  readonly userData: Uint8Array | undefined
  readonly vendorData: string | Json[] | undefined
  readonly vendorData2: string | Json[] | undefined
  /** network_data.json */
  readonly networkData: JsonObject | undefined
  /** interfaces(5) text by `network_config` of meta_data.json. */
  readonly interfaces: string | undefined
  readonly dsmode: string | undefined
  /** `files` of meta_data.json: those with an absolute, plain path. */
  readonly injectedFiles: Readonly<Record<string, Uint8Array>>
}

/** Versions whose files are known, newest first. nova, api/metadata/base.py. */
const knownVersions: readonly string[] = [
  '2018-08-27',
  '2017-02-22',
  '2016-10-06',
  '2016-06-30',
  '2015-10-15',
  '2013-10-17',
  '2013-04-04',
  '2012-08-10',
]

/** The newest version that is known and offered, or else `latest`. */
export const openstackVersion = (offered: readonly string[]): string =>
  knownVersions.find((version) => offered.includes(version)) ?? 'latest'

/**
 * Reads all files of one version, in parallel. Optional files that can't be used are warned about and left out.
 *
 * @returns undefined when there is no meta_data.json (or it can't be read).
 * @throws DatasourceError when meta_data.json is broken, has no uuid, or names a file that is not there.
 */
export const readOpenstackFiles = async (
  store: OpenstackStore,
  version: string,
): Promise<OpenstackFiles | undefined> => {
  const optional = (name: string) => readOptional(store, `openstack/${version}/${name}`)
  const [rawMetadata, userData, vendorData, vendorData2, networkData] = await Promise.all([
    optional('meta_data.json'),
    optional('user_data'),
    optional('vendor_data.json'),
    optional('vendor_data2.json'),
    optional('network_data.json'),
  ])
  if (rawMetadata === undefined) return undefined
  const { metadata, instanceId } = readMetadata(store, `openstack/${version}/meta_data.json`, rawMetadata)
  const [injectedFiles, interfaces] = await Promise.all([
    readInjected(store, metadata),
    readInterfaces(store, metadata),
  ])
  const vendor = (bytes: Uint8Array | undefined, name: string) =>
    vendorDataOf(optionalJson(store, bytes, name), name, store.log)
  const network = optionalJson(store, networkData, 'network_data.json')
  if (network !== undefined && !isJsonObject(network))
    store.log.warning('network_data.json is not a mapping; it is ignored')
  return {
    version,
    instanceId,
    metadata,
    userData,
    vendorData: vendor(vendorData, 'vendor_data.json'),
    vendorData2: vendor(vendorData2, 'vendor_data2.json'),
    networkData: isJsonObject(network) ? network : undefined,
    interfaces,
    dsmode: textAt(objectAt(metadata, 'meta'), 'dsmode'),
    injectedFiles,
  }
}

/** What OpenStack's files say about the instance; network config and source are left to the datasource. */
export const openstackInstance = (files: OpenstackFiles, ec2Metadata: JsonObject | undefined): InstanceData => ({
  ...fromMetadata(files.metadata),
  instanceId: files.instanceId,
  publicKeys: publicKeysOf(files.metadata['public_keys']),
  ...(files.userData === undefined ? {} : { userData: files.userData }),
  ...(files.vendorData === undefined ? {} : { vendorData: files.vendorData }),
  ...(files.vendorData2 === undefined ? {} : { vendorData2: files.vendorData2 }),
  extra: {
    ...(files.networkData === undefined ? {} : { network_json: files.networkData }),
    ...(ec2Metadata === undefined ? {} : { ec2_metadata: ec2Metadata }),
  },
})

/**
 * JSON of a file that need not be there. What is broken is warned about and counts as missing: cloud-init rejects the
 * whole source for it.
 */
export const optionalJson = (store: OpenstackStore, bytes: Uint8Array | undefined, name: string): Json | undefined => {
  if (bytes === undefined) return undefined
  try {
    return parseJson(bytes)
  } catch (error) {
    store.log.warning(`${name} is not JSON (${messageOf(error)}); it is ignored. Check what the cloud hands out`)
    return undefined
  }
}

const parseJson = (bytes: Uint8Array): Json => JSON.parse(Buffer.from(bytes).toString('utf8')) as Json

const readOptional = async (store: OpenstackStore, path: string): Promise<Uint8Array | undefined> => {
  try {
    return await store.read(path)
  } catch (error) {
    store.log.warning(`going on without ${path}: ${messageOf(error)}`)
    return undefined
  }
}

const readMetadata = (store: OpenstackStore, path: string, bytes: Uint8Array) => {
  let parsed: Json
  try {
    parsed = parseJson(bytes)
  } catch (error) {
    throw new DatasourceError(store.id, `${path} is not JSON (${messageOf(error)}); is it cut short?`)
  }
  if (!isJsonObject(parsed)) throw new DatasourceError(store.id, `${path} is JSON, but not a mapping`)
  const instanceId = parsed['uuid']
  if (typeof instanceId !== 'string' || instanceId === '')
    throw new DatasourceError(store.id, `${path} has no uuid; without it the instance can't be told from others`)
  const metadata: JsonObject = { ...parsed, 'instance-id': instanceId }
  if (parsed['hostname'] !== undefined) metadata['local-hostname'] = parsed['hostname']
  if (parsed['random_seed'] !== undefined) metadata['random_seed'] = readSeed(store, path, parsed['random_seed'])
  return { metadata, instanceId }
}

const readSeed = (store: OpenstackStore, path: string, value: Json): string => {
  const seed = typeof value === 'string' ? lenientBase64(value) : undefined
  if (seed === undefined) throw new DatasourceError(store.id, `random_seed of ${path} is not base64`)
  return binaryValue(seed)
}

/** The file that `content_path` of a mapping in meta_data.json points to. */
const readContent = async (store: OpenstackStore, item: JsonObject, what: string): Promise<Uint8Array> => {
  const contentPath = textAt(item, 'content_path')
  if (contentPath === undefined) throw new DatasourceError(store.id, `${what} of meta_data.json has no content_path`)
  const parts = contentPath.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0 || parts.includes('..'))
    throw new DatasourceError(store.id, `${what} of meta_data.json: content_path ${contentPath} leads elsewhere`)
  const path = ['openstack', ...parts].join('/')
  const content = await readOptional(store, path)
  if (content === undefined)
    throw new DatasourceError(store.id, `${path} is missing; ${what} of meta_data.json needs it`)
  return content
}

const readInjected = async (store: OpenstackStore, metadata: JsonObject): Promise<Record<string, Uint8Array>> => {
  const files = metadata['files'] ?? []
  const items = Array.isArray(files) ? files.filter(isJsonObject) : []
  const named = items.flatMap((item) => {
    const path = textAt(item, 'path')
    return path === undefined ? [] : [{ path, item }]
  })
  const entries = await Promise.all(
    named.map(async ({ path, item }) => [path, await readContent(store, item, `files entry ${path}`)] as const),
  )
  return Object.fromEntries(
    entries.filter(([path]) => {
      if (isPlainPath(path)) return true
      store.log.warning(`file ${path} of meta_data.json is not written: its path is not absolute and without . or ..`)
      return false
    }),
  )
}

const isPlainPath = (path: string): boolean => {
  const [first, ...parts] = path.split('/')
  return first === '' && parts.length > 0 && !/\p{Cc}/u.test(path) && !parts.some((part) => /^\.{0,2}$/.test(part))
}

const readInterfaces = async (store: OpenstackStore, metadata: JsonObject): Promise<string | undefined> => {
  const item = metadata['network_config']
  if (!isJsonObject(item) || Object.keys(item).length === 0) return undefined
  const text = utf8OrNothing(await readContent(store, item, 'network_config'))
  if (text === undefined) store.log.warning('the file that network_config of meta_data.json names is not UTF-8 text')
  return text
}
