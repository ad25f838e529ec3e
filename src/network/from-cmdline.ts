import { parseYaml } from '../cloudconfig/yaml.ts'
import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import { decodeNetworkText } from './encoded.ts'

/**
 * `network-config=` of the kernel command line: `disabled`, or network config as JSON or YAML in base64, perhaps packed
 * with gzip.
 *
 * @returns undefined when there is none
 * @throws ConfigError, YamlError when it can't be read
 */
export const networkFromCmdline = (cmdline: string): JsonObject | undefined => {
  const value = cmdline
    .split(/\s+/)
    .filter((word) => word.startsWith('network-config='))
    .at(-1)
    ?.slice('network-config='.length)
  if (value === undefined || value === '') return undefined
  if (value === 'disabled') return { config: 'disabled' }
  const config: Json = parseYaml(decodeNetworkText(value), 'network-config= of the kernel command line')
  if (config === null) return undefined
  if (!isJsonObject(config)) throw new ConfigError('network-config', 'of the kernel command line must be a mapping')
  return config
}

/** Words as a shell splits them: quotes keep blanks together. */
const wordsOf = (cmdline: string): string[] =>
  (cmdline.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replaceAll(/["']/g, ''))

/**
 * `BOOTIF=01-52-54-00-12-34-56`: the interface that the boot loader came in by (SYSLINUX, "SYSAPPEND"; the first number
 * is the hardware type, 1 for Ethernet, and some loaders leave it out).
 *
 * @returns its MAC address, lower case, with colons; undefined when the command line does not say
 */
export const bootMacOf = (cmdline: string): string | undefined => {
  const value = wordsOf(cmdline).findLast((word) => word.startsWith('BOOTIF='))
  const octets = /^BOOTIF=(?:[0-9a-f]{2}[-:])?((?:[0-9a-f]{2}[-:]){5}[0-9a-f]{2})$/i.exec(value ?? '')?.[1]
  return octets?.replaceAll('-', ':').toLowerCase()
}

/** One file of klibc's ipconfig: `/run/net-eth0.conf`, `/run/net6-eth0.conf`. */
export interface KlibcFile {
  readonly path: string
  readonly text: string
}

export interface InitramfsFacts {
  readonly cmdline: string
  readonly files: readonly KlibcFile[]
  /** Interface name -> MAC address. */
  readonly macs: ReadonlyMap<string, string>
  /** /run/initramfs/open-iscsi.interface exists: the root file system is reached over the network. */
  readonly isIscsiRoot: boolean
}

/** Whether the initramfs brought the network up: the command line asked for it, and klibc noted what it did. */
export const initramfsWasAsked = ({ cmdline, files, isIscsiRoot }: InitramfsFacts): boolean =>
  files.length > 0 && (isIscsiRoot || wordsOf(cmdline).some((word) => /^ip6?=/.test(word)))

/**
 * The configuration that the initramfs gave the machine (klibc, usr/kinit/ipconfig), as network config version 1, to be
 * kept as it is: nobody but the user brings these interfaces up or down.
 */
export const networkFromInitramfs = ({ files, macs, cmdline }: InitramfsFacts): JsonObject => {
  const notes = files.map(({ path, text }) => readNote(path, text))
  const present = presentNames(notes, macs, bootMacOf(cmdline))
  const devices = new Map<string, JsonObject & { subnets: JsonObject[] }>()
  for (const { name: given, values } of notes) {
    const name = present(given)
    const mac = macs.get(name)
    const device = devices.get(name) ?? {
      type: 'physical',
      name,
      subnets: [],
      ...(mac !== undefined && { mac_address: mac }),
    }
    device.subnets.push(...subnetsOf(values))
    devices.set(name, device)
  }
  return { version: 1, config: [...devices.values()] }
}

interface Note {
  /** The interface, as the initramfs called it. */
  readonly name: string
  readonly values: Variables
}

const readNote = (path: string, text: string): Note => {
  const values = readVariables(text)
  const name = values.get('DEVICE') ?? values.get('DEVICE6')
  if (name === undefined) throw new ConfigError(path, 'names no DEVICE')
  return { name, values }
}

/**
 * The names that interfaces have now: one may have got another name since. Then there is none of the old one, and the
 * boot loader said by its MAC address which one it is.
 */
const presentNames = (notes: readonly Note[], macs: ReadonlyMap<string, string>, bootMac: string | undefined) => {
  const [bootName] = [...macs].find(([, mac]) => mac.toLowerCase() === bootMac) ?? []
  const [gone, ...others] = new Set(notes.map(({ name }) => name).filter((name) => !macs.has(name)))
  return (name: string): string => (name === gone && others.length === 0 ? (bootName ?? name) : name)
}

/** Shell assignments, one a line. */
const readVariables = (text: string): Map<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const match = /^(?<key>\w+)=(?<value>.*)$/.exec(line.trim())?.groups
      return match === undefined ? [] : [[match['key'] ?? '', (match['value'] ?? '').replaceAll(/["']/g, '')]]
    }),
  )

type Variables = ReadonlyMap<string, string>

const subnetsOf = (values: Variables): JsonObject[] => {
  const protocol = values.get('PROTO') || (values.get('filename') ? 'dhcp' : 'none')
  if (typeNames[protocol] === undefined) throw new ConfigError('PROTO', `${JSON.stringify(protocol)} is unknown`)
  return (['IPV4', 'IPV6'] as const).flatMap((family): JsonObject[] => {
    const address = values.get(`${family}ADDR`)
    if (!address) return []
    const ownProtocol = values.get(`${family}PROTO`) ?? protocol
    const type = typeNames[ownProtocol]
    if (type === undefined) throw new ConfigError('PROTO', `${JSON.stringify(ownProtocol)} is unknown`)
    return [subnetOf(values, family, type, address)]
  })
}

const typeNames: Readonly<Record<string, string>> = {
  dhcp: 'dhcp',
  dhcp4: 'dhcp',
  dhcp6: 'dhcp6',
  none: 'static',
  off: 'static',
  static: 'static',
}

const subnetOf = (values: Variables, family: 'IPV4' | 'IPV6', type: string, address: string): JsonObject => {
  const subnet: JsonObject = { type, control: 'manual' }
  if (type === 'static') subnet['address'] = address
  for (const [key, name] of [
    ['NETMASK', 'netmask'],
    ['BROADCAST', 'broadcast'],
    ['GATEWAY', 'gateway'],
  ] as const) {
    const value = values.get(`${family}${key}`)
    if (value) subnet[name] = value
  }
  const servers = ['DNS0', 'DNS1'].flatMap((key) => {
    const server = values.get(`${family}${key}`)
    return server && server !== '0.0.0.0' && server !== '::' ? [server] : []
  })
  if (servers.length > 0) subnet['dns_nameservers'] = servers
  const search = (values.get('DOMAINSEARCH') ?? '').split(/[\s,]+/).filter((word) => word !== '')
  if (servers.length > 0 && search.length > 0) subnet['dns_search'] = search
  return subnet
}
