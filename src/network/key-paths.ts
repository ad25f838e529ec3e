import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Link } from './model.ts'

/** Where in a network document things stand, for messages. */
export interface KeyPaths {
  /** Path of the entry that describes a link; of a link that only others mention, its name. */
  readonly of: (link: Link) => string
  /** The entry itself. */
  readonly entryOf: (link: Link) => JsonObject
  /** Paths of static addresses that say nothing of their network. */
  readonly withoutPrefix: readonly string[]
}

/** @throws ConfigError when two entries of version 1 describe the same interface. */
export const keyPaths = (document: JsonObject): KeyPaths => {
  const paths = new Map<string, string>()
  const values = new Map<string, JsonObject>()
  const withoutPrefix: string[] = []
  const entries = document['version'] === 1 ? v1Entries(document) : v2Entries(document)
  for (const { id, path, value, addresses } of entries) {
    const other = paths.get(id)
    if (other !== undefined) throw new ConfigError(path, `the name ${id} is given to two interfaces: also to ${other}`)
    paths.set(id, path)
    values.set(id, value)
    withoutPrefix.push(...addresses)
  }
  return {
    of: ({ id, name }) => paths.get(id) ?? name,
    entryOf: ({ id }) => values.get(id) ?? {},
    withoutPrefix,
  }
}

interface Entry {
  readonly id: string
  readonly path: string
  readonly value: JsonObject
  /** Paths of its addresses without prefix. */
  readonly addresses: readonly string[]
}

const noLinks = new Set(['nameserver', 'route'])

const v1Entries = (document: JsonObject): Entry[] => {
  const config = document['config']
  return (Array.isArray(config) ? config : []).flatMap((entry, index): Entry[] => {
    if (!isJsonObject(entry) || noLinks.has(String(entry['type'])) || typeof entry['name'] !== 'string') return []
    const path = `config[${index}]`
    const subnets = Array.isArray(entry['subnets']) ? entry['subnets'] : []
    const addresses = subnets.flatMap((subnet, position) => {
      if (!isJsonObject(subnet) || !isBare(subnet['address'])) return []
      const hasMask = [subnet['netmask'], subnet['prefix']].some((mask) => mask !== undefined && mask !== '')
      return hasMask ? [] : [`${path}.subnets[${position}].address`]
    })
    return [{ id: entry['name'], path, value: entry, addresses }]
  })
}

const v2Entries = (document: JsonObject): Entry[] =>
  Object.entries(document).flatMap(([section, devices]) =>
    Object.entries(isJsonObject(devices) ? devices : {}).map(([id, device]): Entry => {
      const path = `${section}.${id}`
      const addresses = isJsonObject(device) && Array.isArray(device['addresses']) ? device['addresses'] : []
      return {
        id,
        path,
        value: isJsonObject(device) ? device : {},
        addresses: addresses.flatMap((address, index) => (isBare(address) ? [`${path}.addresses[${index}]`] : [])),
      }
    }),
  )

const isBare = (address: unknown): boolean => typeof address === 'string' && !address.includes('/')
