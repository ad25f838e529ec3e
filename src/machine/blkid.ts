import type { BlockDevice } from './disks.ts'
import { CommandError } from './errors.ts'
import type { Files } from './files.ts'
import type { Machine } from './machine.ts'

type Tags = Map<string, string>

/** What blkid knows, by device path. */
export type FileSystems = Map<string, Tags>

/** `blkid -o export`: lines `KEY=value`, a backslash before what a shell would interpret, devices apart by empty lines. */
export const readExport = (text: string): FileSystems => {
  const found: FileSystems = new Map()
  let tags: Tags = new Map()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at < 0) continue
    const [key, value] = [line.slice(0, at), line.slice(at + 1).replaceAll(/\\(.)/g, '$1')]
    if (key === 'DEVNAME') {
      tags = new Map()
      found.set(value, tags)
    } else tags.set(key, value)
  }
  return found
}

/** Plain blkid, as busybox prints it too: `/dev/sr0: LABEL="cidata" TYPE="iso9660"`. */
export const readPlain = (text: string): FileSystems => {
  const found: FileSystems = new Map()
  for (const line of text.split('\n')) {
    const [, device, rest = ''] = /^(\/dev\/[^:]+):(.*)$/.exec(line) ?? []
    if (device === undefined) continue
    found.set(
      device,
      new Map([...rest.matchAll(/([A-Z_]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
    )
  }
  return found
}

/** udev's links, where there is no blkid: labels and ids, but no types. */
const readLinks = (files: Files): FileSystems => {
  const found: FileSystems = new Map()
  const kinds: readonly (readonly [string, string])[] = [
    ['label', 'LABEL'],
    ['uuid', 'UUID'],
    ['partuuid', 'PARTUUID'],
  ]
  for (const [kind, tag] of kinds) {
    for (const name of files.list(`/dev/disk/by-${kind}`)) {
      const device = files.realPath(`/dev/disk/by-${kind}/${name}`)
      const value = name.replaceAll(/\\x([0-9a-f]{2})/g, (_match, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      )
      found.set(device, (found.get(device) ?? new Map<string, string>()).set(tag, value))
    }
  }
  return found
}

/** Nothing was found (blkid(8)). */
const nothing = 2

const fileSystems = async (machine: Machine): Promise<FileSystems> => {
  if (machine.which('blkid') === undefined) return readLinks(machine.files)
  const options = { timeoutSeconds: 60, allowedExitCodes: [0, nothing] }
  try {
    // Not from the cache: at boot it tells of the machine that the image was made on.
    return readExport((await machine.ask(['blkid', '-c', '/dev/null', '-o', 'export'], options)).stdout)
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === undefined) throw error
    return readPlain((await machine.ask(['blkid'], options)).stdout)
  }
}

const tagNames = [
  ['label', 'LABEL'],
  ['labelFatboot', 'LABEL_FATBOOT'],
  ['type', 'TYPE'],
  ['uuid', 'UUID'],
  ['partitionUuid', 'PARTUUID'],
] as const

const sectorBytes = 512

/** Every block device of the machine: those of the kernel (with a medium in them), and what blkid says about them. */
export const listBlockDevices = async (machine: Machine): Promise<BlockDevice[]> => {
  const { files } = machine
  const known = await fileSystems(machine)
  const sizes = new Map<string, number>()
  for (const name of files.list('/sys/class/block')) {
    // The kernel writes `!` where the name of the device has a slash (cciss!c0d0).
    const path = `/dev/${name.replaceAll('!', '/')}`
    const sectors = Number((files.readTextIfExists(`/sys/class/block/${name}/size`) ?? '').trim())
    if (sectors > 0 && (known.has(path) || files.stat(path)?.type === 'device')) sizes.set(path, sectors * sectorBytes)
  }
  const paths = [...new Set([...known.keys(), ...sizes.keys()])].sort()
  return paths.map((path): BlockDevice => {
    const tags = known.get(path)
    const size = sizes.get(path)
    const name = path.slice('/dev/'.length).replaceAll('/', '!')
    const texts = Object.fromEntries(
      tagNames.flatMap(([key, tag]) => {
        const value = tags?.get(tag)
        return value === undefined || value === '' ? [] : [[key, value]]
      }),
    )
    return {
      ...texts,
      path,
      ...(size !== undefined && { size }),
      isPartition: files.exists(`/sys/class/block/${name}/partition`),
    }
  })
}
