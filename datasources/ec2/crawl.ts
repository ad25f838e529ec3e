import { walkEc2Tree } from '../../src/instance/ec2-tree.ts'
import { utf8OrNothing } from '../../src/machine/bytes.ts'
import { HttpFailure, HttpStatusError, messageOf } from '../../src/machine/errors.ts'
import { type JsonObject, objectAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { listNics } from '../../src/network/nics.ts'
import type { Ec2Cloud } from './cloud.ts'
import type { Ec2Session } from './session.ts'

/** All that the metadata service said. */
export interface Ec2Crawl {
  readonly address: string
  /** `2021-03-23` */
  readonly version: string
  readonly userData: Uint8Array
  readonly metadata: JsonObject
  /** dynamic/instance-identity/; AWS only. */
  readonly identity: JsonObject | undefined
}

/** Versions of the protocol that say more than the oldest one, newest first. */
const versions: readonly string[] = ['2021-03-23', '2018-09-24', '2016-09-02']
const oldestVersion = '2009-04-04'

/**
 * Reads everything. User-data, metadata and identity are asked for at the same time, and so are all branches of the tree.
 * @throws HttpFailure or HttpStatusError when the root of the metadata can't be read.
 */
export const crawl = async (machine: Machine, session: Ec2Session, cloud: Ec2Cloud): Promise<Ec2Crawl> => {
  const { version, instanceId } = await findVersion(session)
  const [userData, metadata, identity] = await Promise.all([
    readUserData(machine, session, version),
    readTree(machine, session, version, cloud, instanceId),
    cloud === 'aws' ? readIdentity(machine, session, version) : undefined,
  ])
  return { address: session.address, version, userData, metadata, identity }
}

interface KnownVersion {
  readonly version: string
  /** The document by which the version was found. */
  readonly instanceId: Uint8Array | undefined
}

/** The newest version that this service knows. All services of today know the first. */
const findVersion = async (session: Ec2Session): Promise<KnownVersion> => {
  const probe = async (version: string): Promise<KnownVersion | undefined> => {
    try {
      const response = await session.once(`${version}/meta-data/instance-id`)
      return response.status === 200 ? { version, instanceId: response.body } : undefined
    } catch (error) {
      if (error instanceof HttpFailure || error instanceof HttpStatusError) return undefined
      throw error
    }
  }
  const [newest = oldestVersion, ...older] = versions
  const known = (await probe(newest)) ?? (await Promise.all(older.map(probe))).find((found) => found !== undefined)
  return known ?? { version: oldestVersion, instanceId: undefined }
}

/** Empty when there is none, or when it can't be read. */
const readUserData = async (machine: Machine, session: Ec2Session, version: string): Promise<Uint8Array> => {
  try {
    const response = await session.get(`${version}/user-data`, [404])
    return response.status === 404 ? new Uint8Array() : decoded(response.body)
  } catch (error) {
    machine.log.warning(`going on without user-data: ${messageOf(error)}`)
    return new Uint8Array()
  }
}

/** User-data is often given to EC2 in base64 once too often; so whatever is base64 as a whole is decoded. */
const decoded = (body: Uint8Array): Uint8Array => {
  const text = utf8OrNothing(body)
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return body
  return new Uint8Array(Buffer.from(text, 'base64'))
}

const readTree = (
  machine: Machine,
  session: Ec2Session,
  version: string,
  cloud: Ec2Cloud,
  instanceId: Uint8Array | undefined,
): Promise<JsonObject> => {
  const root = `${version}/meta-data/`
  const skipsTags = cloud === 'outscale'
  const deep = cloud === 'aws' ? deepFolders(machine) : []
  return walkEc2Tree({
    log: machine.log,
    read: async (path) => {
      if (path === 'instance-id' && instanceId !== undefined) return instanceId
      if (!skipsTags || !path.startsWith('tags/')) return (await session.get(`${root}${path}`)).body
      // Outscale lists tags that it does not have.
      const response = await session.get(`${root}${path}`, [404])
      return response.status === 404 ? Buffer.from('(skipped)') : response.body
    },
    tryRead: async (path) => {
      try {
        return (await session.once(`${root}${path}`)).body
      } catch {
        return undefined
      }
    },
    foresee: (folder, names) => (folder === '' ? deep.filter((path) => names.includes(firstFolder(path))) : []),
  })
}

const firstFolder = (path: string): string => path.slice(0, path.indexOf('/') + 1)

/** Drivers of the interfaces that EC2 gives its machines. */
const ownDrivers: readonly (string | undefined)[] = ['ena', 'efa', 'ixgbevf', 'vif']

/**
 * What lies deep in the tree and is there on every machine of AWS: read along with the folders above it, it costs no
 * waiting. EC2 User Guide, "Instance metadata categories".
 */
const deepFolders = (machine: Machine): readonly string[] => {
  const macs = listNics(machine).flatMap(({ mac, driver }) => (ownDrivers.includes(driver) ? [mac] : []))
  return [
    'events/maintenance/',
    'identity-credentials/ec2/',
    'network/interfaces/',
    'network/interfaces/macs/',
    ...macs.map((mac) => `network/interfaces/macs/${mac}/`),
    'tags/instance/',
  ]
}

/** The identity document and its signatures; empty when they can't be read. */
const readIdentity = async (machine: Machine, session: Ec2Session, version: string): Promise<JsonObject> => {
  const root = `${version}/dynamic/instance-identity`
  try {
    return await walkEc2Tree({
      log: machine.log,
      read: async (path) => (await session.get(path === '' ? root : `${root}/${path}`)).body,
    })
  } catch (error) {
    machine.log.warning(`going on without the identity document: ${messageOf(error)}`)
    return {}
  }
}

/** The identity document itself, or an empty mapping. */
export const identityDocument = (crawled: Ec2Crawl): JsonObject => objectAt(crawled.identity ?? {}, 'document')
