import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { InstanceData } from './instance-data.ts'
import { instanceFolder, instanceLink, type Paths } from './paths.ts'

/** What a boot found out about its instance, kept for the later stages and the next boots. */
export interface CachedInstance {
  /** Datasource id as in datasource_list. */
  readonly datasource: string
  readonly data: InstanceData
  /** System UUID of the machine that asked, in lower case; empty when it has none. */
  readonly machineUuid: string
}

const fileName = 'datasource.json'

// JSON has no bytes; they are wrapped under a key that no metadata uses.
const bytesKey = '$bytes'

const pack = (value: unknown): Json => {
  if (value instanceof Uint8Array) return { [bytesKey]: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(pack)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, pack(item)]),
  )
}

const unpack = (value: Json): unknown => {
  if (Array.isArray(value)) return value.map(unpack)
  if (!isJsonObject(value)) return value
  const bytes = value[bytesKey]
  if (typeof bytes === 'string') return new Uint8Array(Buffer.from(bytes, 'base64'))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]))
}

/** Keeps what the datasource said in the instance's folder, readable by root alone. */
export const writeCachedInstance = (machine: Machine, paths: Paths, cached: CachedInstance): void => {
  const path = `${instanceFolder(paths, cached.data.instanceId)}/${fileName}`
  machine.files.write(path, `${JSON.stringify(pack(cached))}\n`, { mode: 0o600 })
}

/** What file systems make of a new file whose content did not get to the disk: no bytes, or zeros. */
export const nothingWritten = /^\0*$/

/** What the link to the present instance leads to; undefined when there is none or it can't be read. */
export const readCachedInstance = (machine: Machine, paths: Paths): CachedInstance | undefined => {
  const path = `${instanceLink(paths)}/${fileName}`
  try {
    const text = machine.files.readTextIfExists(path)
    if (text === undefined) return undefined
    if (!nothingWritten.test(text)) return asCachedInstance(JSON.parse(text))
    machine.log.info(`${path} is empty, as after a power cut; the cloud is asked again`)
    return undefined
  } catch (error) {
    machine.log.warning(`${path} is unreadable and is not used; the cloud is asked again: ${messageOf(error)}`)
    return undefined
  }
}

// The file is our own, mode 0600, written whole: its outline is checked, not every field.
const asCachedInstance = (value: JsonObject): CachedInstance | undefined => {
  const data = unpack(value['data'] ?? null)
  const datasource = value['datasource']
  const machineUuid = value['machineUuid']
  if (typeof datasource !== 'string' || typeof machineUuid !== 'string') return undefined
  return isInstanceData(data) ? { datasource, data, machineUuid } : undefined
}

const isInstanceData = (value: unknown): value is InstanceData =>
  typeof value === 'object' && value !== null && 'instanceId' in value && typeof value.instanceId === 'string'
