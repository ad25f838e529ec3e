import { binaryValue } from '../../src/instance/binary-values.ts'
import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../../src/machine/json.ts'

/** A drive of OpenStack's first layout (2012, before Folsom): `meta.js` by the user, keys and network by the cloud. */
export interface Version1 {
  readonly instanceId: string | undefined
  readonly metadata: JsonObject
  readonly publicKeys: readonly string[]
  readonly userData: Uint8Array
  readonly dsmode: string | undefined
}

/**
 * Reads the first layout. Its interfaces file is shown in the metadata, but not used: no cloud of that time is left,
 * and cloud-init does not use it either.
 *
 * @param read the content of a file by its path below the root; undefined: no such file.
 * @returns undefined when none of its files is there.
 * @throws DatasourceError when meta.js is broken.
 */
export const readVersion1 = (id: string, read: (path: string) => Uint8Array | undefined): Version1 | undefined => {
  const meta = read('meta.js')
  const keys = read('root/.ssh/authorized_keys')
  const interfaces = read('etc/network/interfaces')
  if (meta === undefined && keys === undefined && interfaces === undefined) return undefined
  const metaJs = meta === undefined ? {} : parseMeta(id, meta)
  const injectedKeys = keys === undefined ? '' : Buffer.from(keys).toString('utf8')
  // The user's own keys replace those that the cloud put on the drive.
  const publicKeys = keyLines(textAt(metaJs, 'public-keys') ?? injectedKeys)
  const instanceId = textAt(metaJs, 'instance-id')
  return {
    instanceId,
    publicKeys,
    userData: Buffer.from(textAt(metaJs, 'user-data') ?? ''),
    dsmode: textAt(metaJs, 'dsmode'),
    metadata: {
      authorized_keys: keys === undefined ? '' : binaryValue(keys),
      meta_js: metaJs,
      network_config: interfaces === undefined ? '' : binaryValue(interfaces),
      ...(publicKeys.length > 0 && { 'public-keys': [...publicKeys] }),
      ...(instanceId !== undefined && { 'instance-id': instanceId }),
    },
  }
}

const keyLines = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'))

const parseMeta = (id: string, bytes: Uint8Array): JsonObject => {
  let parsed: Json
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8')) as Json
  } catch (error) {
    throw new DatasourceError(id, `meta.js is not JSON (${messageOf(error)})`)
  }
  if (!isJsonObject(parsed)) throw new DatasourceError(id, 'meta.js is JSON, but not a mapping')
  return parsed
}
