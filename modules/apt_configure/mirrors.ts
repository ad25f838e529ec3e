import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import type { AptSettings, MirrorEntry } from './settings.ts'

export interface Mirrors {
  readonly primary: string
  readonly security: string
  /** All that system_info names for this cloud and architecture, by name, these two among them. */
  readonly all: Readonly<Record<string, string>>
}

type Kind = 'primary' | 'security'

/** The distributions' own archives, for a system_info without package_mirrors. */
const archives: Readonly<Record<string, Readonly<Record<Kind, string>>>> = {
  ubuntu: { primary: 'http://archive.ubuntu.com/ubuntu/', security: 'http://security.ubuntu.com/ubuntu/' },
  ports: { primary: 'http://ports.ubuntu.com/ubuntu-ports', security: 'http://ports.ubuntu.com/ubuntu-ports' },
  debian: { primary: 'http://deb.debian.org/debian', security: 'http://deb.debian.org/debian-security' },
}

const mainArchitectures = new Set(['amd64', 'i386'])

/** Architecture by dpkg's name. @throws CommandError */
export const debianArchitecture = async (machine: Machine): Promise<string> =>
  (await machine.ask(['dpkg', '--print-architecture'], { timeoutSeconds: 30 })).stdout.trim()

/** The mirrors to use: those of the configuration, of system_info for this cloud, or the distribution's own. */
export const findMirrors = async (context: ModuleContext, settings: AptSettings): Promise<Mirrors> => {
  const architecture = await debianArchitecture(context.machine)
  const search = mirrorSearch(context.machine)
  const wanted = {
    primary: await fromConfig(context, settings.primary, 'primary', architecture, search),
    security: await fromConfig(context, settings.security, 'security', architecture, search),
  }
  if (wanted.primary !== undefined) {
    const security = wanted.security ?? wanted.primary
    return { primary: wanted.primary, security, all: {} }
  }
  const offered = await fromSystemInfo(context, architecture, search)
  const own =
    archives[context.distro.id === 'ubuntu' ? (mainArchitectures.has(architecture) ? 'ubuntu' : 'ports') : 'debian']
  const primary = offered['primary'] ?? own?.primary ?? ''
  return { primary, security: wanted.security ?? offered['security'] ?? own?.security ?? primary, all: offered }
}

type MirrorSearch = (candidates: readonly string[]) => Promise<string | undefined>

const forArchitecture = <T>(entries: readonly T[], architecture: string, arches: (entry: T) => readonly string[]) =>
  entries.find((entry) => arches(entry).includes(architecture)) ??
  entries.findLast((entry) => arches(entry).includes('default'))

const fromConfig = async (
  context: ModuleContext,
  entries: readonly MirrorEntry[] | undefined,
  kind: Kind,
  architecture: string,
  search: MirrorSearch,
): Promise<string | undefined> => {
  const entry = forArchitecture(entries ?? [], architecture, ({ arches }) => arches)
  if (entry === undefined) return undefined
  if (entry.uri !== undefined) return entry.uri
  const found = await search(entry.search ?? [])
  if (found !== undefined || !entry.search_dns) return found
  return search(wellKnown(context, kind))
}

/** Names under which a network may have a mirror of its own. */
const wellKnown = ({ distro, instance }: ModuleContext, kind: Kind): string[] => {
  const domain = instance.fqdn?.split('.').slice(1).join('.') ?? ''
  const host = `${distro.id}-${kind === 'primary' ? 'mirror' : 'security-mirror'}`
  const domains = [...(domain === '' ? [] : [`.${domain}`]), '.localdomain', '']
  return domains.map((end) => `http://${host}${end}/${distro.id}`)
}

const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []

/** system_info.package_mirrors: `failsafe` holds the ones to fall back to, `search` candidates by name of the cloud. */
const fromSystemInfo = async (
  context: ModuleContext,
  architecture: string,
  search: MirrorSearch,
): Promise<Record<string, string>> => {
  const listed = context.distro.systemInfo['package_mirrors']
  const entries = Array.isArray(listed) ? listed.filter(isJsonObject) : []
  const entry = forArchitecture<JsonObject>(entries, architecture, ({ arches }) => texts(arches))
  if (entry === undefined) return {}
  const failsafe = objectAt(entry, 'failsafe')
  const found: Record<string, string> = {}
  for (const name of Object.keys(failsafe)) {
    const mirror = textAt(failsafe, name)
    if (mirror !== undefined) found[name] = mirror
  }
  const words = cloudWords(context)
  for (const [name, candidates] of Object.entries(objectAt(entry, 'search'))) {
    const mirror = await search(texts(candidates).flatMap((text) => filledIn(text, words) ?? []))
    if (mirror !== undefined) found[name] = mirror
  }
  return found
}

/** What a cloud calls the place this machine is in may stand in an address only after anything odd is taken out. */
const cloudWords = ({ instance }: ModuleContext): Readonly<Record<string, string | undefined>> => {
  const { availabilityZone: zone, region, platform } = instance.data
  const isEc2 = platform === 'ec2' || instance.datasource === 'Ec2'
  const ec2Region = isEc2 ? /^([a-z]{2}-(?:[a-z]+-)+[0-9])[a-z]$/.exec(zone ?? '')?.[1] : undefined
  const clean = (text: string | undefined) => text?.replaceAll(/[^A-Za-z0-9.-]/g, '-')
  return { availability_zone: clean(zone), region: clean(region), ec2_region: ec2Region }
}

/** `%(region)s` filled in; undefined when the cloud does not say. */
const filledIn = (text: string, words: Readonly<Record<string, string | undefined>>): string | undefined => {
  let isKnown = true
  const filled = text.replaceAll(/%\((\w+)\)s/g, (_whole, name: string) => {
    const word = words[name]
    if (!word) isKnown = false
    return word ?? ''
  })
  return isKnown ? filled : undefined
}

/** A name that nobody has: networks that answer for every name answer for this one, too. */
const nobody = 'does-not-exist.example.invalid'

/** Looks for the first address whose host name resolves. */
const mirrorSearch = (machine: Machine): MirrorSearch => {
  const resolve = async (host: string): Promise<readonly string[]> => {
    try {
      const { stdout } = await machine.ask(['getent', 'ahosts', host], { allowedExitCodes: 'any', timeoutSeconds: 15 })
      return stdout.split('\n').flatMap((line) => line.split(/\s/, 1)[0] || [])
    } catch {
      return []
    }
  }
  let catchAll: Promise<readonly string[]> | undefined
  const isThere = async (url: string): Promise<boolean> => {
    const host = URL.canParse(url) ? new URL(url).hostname : ''
    if (host === '') return false
    if (/^(\[.*\]|[0-9.]+)$/.test(host)) return true
    const addresses = await resolve(host)
    if (addresses.length === 0) return false
    catchAll ??= resolve(nobody)
    const bogus = await catchAll
    return !addresses.some((address) => bogus.includes(address))
  }
  return async (candidates) => {
    for (const candidate of candidates) if (await isThere(candidate)) return candidate
    return undefined
  }
}
