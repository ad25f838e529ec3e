import { ConfigError } from '../../src/machine/errors.ts'

/** A layout as it is configured. */
export type Layout = true | readonly (number | readonly (number | string)[])[]

/** A partition to make. */
export interface Wanted {
  /** Sectors; undefined: all that is left. */
  readonly sectors: number | undefined
  /** As configured: `83`, `8200`, a GUID; undefined: none was asked for. */
  readonly type: string | undefined
}

const mostOfMbr = 4
const linux = '83'
const linuxGuid = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'

/** GPT partition types (UEFI Specification, 5.3; the Discoverable Partitions Specification) by sgdisk's short codes. */
const guids: Readonly<Record<string, string>> = {
  '0700': 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
  '0B00': 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
  '0C00': 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
  '2700': 'DE94BBA4-06D1-4D40-A16A-BFD50179D6AC',
  '4100': '9E1A2D38-C612-4316-AA26-8B49521E5A8B',
  '8200': '0657FD6D-A4AB-43C4-84E5-0933C84B4F4F',
  '8300': linuxGuid,
  '8301': '8DA63339-0007-60C0-C436-083AC8230908',
  '8302': '933AC7E1-2EB4-4F13-B844-0E14E2AEF915',
  '8303': '44479540-F297-41B2-9AF7-D131D5F0458A',
  '8304': '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  '8305': 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
  '8306': '3B8F8425-20E0-4F3B-907F-1A25A76F98E8',
  '8307': '69DAD710-2CE4-4E3C-B16C-21A1D49ABED3',
  '8309': 'CA7D7CCB-63ED-4C53-861C-1742536059CC',
  '8E00': 'E6D6D379-F507-44C2-A23C-238F2A3DF928',
  A504: '516E7CB6-6ECF-11D6-8FF8-00022D09712B',
  BF01: '6A898CC3-1DD2-11B2-99A6-080020736631',
  EA00: 'BC13C2FF-59E6-4262-A352-B275FD6F7172',
  EF00: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  EF02: '21686148-6449-6E6F-744E-656564454649',
  FD00: 'A19D880F-05FC-4D3B-A006-743F0F84911E',
}

const isGuid = (type: string): boolean => /^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(type)

/** sgdisk's code for a type: `82` is `8200`. A GUID stays. */
export const gptCode = (type: string): string => (isGuid(type) ? type : type.padEnd(4, '0'))

/** The GUID of a type; undefined when it is not known. */
export const gptGuid = (type: string): string | undefined =>
  isGuid(type) ? type.toUpperCase() : guids[gptCode(type).toUpperCase()]

const sameType = (isGpt: boolean, wanted: string, found: string | undefined): boolean => {
  if (found === undefined) return false
  if (!isGpt) return wanted.toLowerCase().replace(/^0+(?=.)/, '') === found.toLowerCase().replace(/^0+(?=.)/, '')
  const guid = gptGuid(wanted)
  // A type that only sgdisk knows: the number of partitions has to do.
  return guid === undefined || guid === found.toUpperCase()
}

/** True when a disk with partitions of these types is as it should be. */
export const isLaidOut = (layout: Layout, isGpt: boolean, found: readonly (string | undefined)[]): boolean => {
  if (layout === true) return found.length > 0
  if (layout.length !== found.length) return false
  return layout.every((part, index) => {
    const type = typeof part === 'number' ? undefined : part[1]
    return type === undefined || sameType(isGpt, String(type), found[index])
  })
}

/**
 * The partitions of a layout on a disk with so many sectors.
 * @throws ConfigError when it is none
 */
export const partitionsOf = (layout: Layout, isGpt: boolean, sectors: number, key: string): Wanted[] => {
  if (layout === true) return [{ sectors: undefined, type: undefined }]
  if (layout.length === 0) throw new ConfigError(key, 'the layout is empty')
  if (!isGpt && layout.length > mostOfMbr) {
    throw new ConfigError(key, `an mbr table has ${mostOfMbr} partitions at most; use table_type: gpt`)
  }
  return layout.map((part, index) => {
    const [percent, type] = typeof part === 'number' ? [part] : part
    const share = Number(percent)
    if (!(share > 0 && share <= 100)) throw new ConfigError(`${key}[${index}]`, `${percent} is not a size in percent`)
    if (type !== undefined && !/^[\w-]+$/.test(String(type))) {
      throw new ConfigError(`${key}[${index}]`, `${JSON.stringify(type)} is not a type of partition`)
    }
    const isLast = index === layout.length - 1
    return {
      sectors: isLast ? undefined : Math.floor((sectors * share) / 100),
      type: type === undefined ? undefined : String(type),
    }
  })
}

const scriptLine = ({ sectors }: Wanted, type: string): string => `,${sectors ?? ''},${type}\n`

/** What sfdisk reads to make an MBR table (sfdisk(8), input formats). */
export const mbrScript = (partitions: readonly Wanted[]): string =>
  partitions.map((wanted) => scriptLine(wanted, wanted.type ?? linux)).join('')

/** The same for GPT, for machines without sgdisk. */
export const gptScript = (partitions: readonly Wanted[]): string =>
  partitions.map((wanted) => scriptLine(wanted, gptGuid(wanted.type ?? '8300') ?? linuxGuid)).join('')
