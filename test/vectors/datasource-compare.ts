import { hostnamesByMetadata, hostnamesOf } from '../../src/instance/hostname.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { datasourceKeys } from '../../src/instance/instance-ds.ts'
import { cloudNamesOf, standardKeys } from '../../src/instance/instance-v1.ts'
import { sensitivePaths } from '../../src/instance/sensitive-keys.ts'
import { bytesOfText, utf8OrNothing } from '../../src/machine/bytes.ts'
import { isJsonObject, type Json, type JsonObject, objectAt } from '../../src/machine/json.ts'
import type { MemoryMachine, TreeEntry } from '../../src/machine/memory.ts'
import type { FoundDatasource } from '../../src/platform/find-datasource.ts'
import { inRecordedSalt } from './datasource-azure.ts'
import { textsAt } from './datasource-case.ts'
import { compareRequests, matchesPattern } from './datasource-requests.ts'
import { differences } from './family.ts'

/** Answers of a datasource that are asked for by `extraCalls`. */
export interface Extras {
  readonly checkInstanceId?: boolean
  readonly devices?: JsonObject
}

/** Facts of the system and of the program that recorded the case, not of the instance. */
const systemFacts = new Set([
  'distro',
  'distro_release',
  'distro_version',
  'kernel_release',
  'machine',
  'python_version',
  'system_platform',
  'variant',
])

const plain = (value: unknown): Json => (value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json))

/** Values that firstlight keeps as text and cloud-init as bytes (`ci-b64:...`) are the same if their bytes are. */
const alikeBytes = (expected: Json | undefined, actual: Json): Json => {
  if (typeof expected === 'string' && expected.startsWith('ci-b64:') && typeof actual === 'string') {
    const base64 = Buffer.from(bytesOfText(actual)).toString('base64')
    return `ci-b64:${base64}` === expected ? expected : actual
  }
  if (Array.isArray(expected) && Array.isArray(actual)) return actual.map((item, at) => alikeBytes(expected[at], item))
  if (!isJsonObject(expected) || !isJsonObject(actual)) return actual
  return Object.fromEntries(Object.entries(actual).map(([key, item]) => [key, alikeBytes(expected[key], item)]))
}

const handedOut = (value: Uint8Array | Json | undefined): Json => {
  if (!(value instanceof Uint8Array)) return plain(value)
  return utf8OrNothing(value) ?? { base64: Buffer.from(value).toString('base64') }
}

const updateEventsOf = (data: InstanceData): Json => {
  const scopes = Object.entries(data.updateEvents ?? { network: ['boot-new-instance'] })
  return { default: Object.fromEntries(scopes.map(([scope, events]) => [scope, events.toSorted()])) }
}

const withoutFacts = (v1: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(v1).filter(([key]) => !systemFacts.has(key)))

/** The outcome in the words of the vectors. */
const outcomeOf = (machine: MemoryMachine, { datasource, data }: FoundDatasource): JsonObject => {
  const names = cloudNamesOf(data, datasource.id)
  const { hostname, fqdn } = hostnamesOf(machine, data.localHostname)
  return {
    'instance-id': data.instanceId,
    'local-hostname': hostname,
    fqdn,
    'hostname-metadata-only': hostnamesByMetadata(data.localHostname)?.hostname ?? null,
    'public-keys': plain(data.publicKeys ?? []),
    'availability-zone': data.availabilityZone ?? null,
    region: data.region ?? null,
    'cloud-name': names.cloudName,
    platform: names.platform,
    'cloud-id': names.cloudId,
    subplatform: data.subplatform ?? null,
    'launch-index': data.launchIndex ?? null,
    dsmode: data.dsmode ?? 'net',
    'user-data': handedOut(data.userData),
    'vendor-data': handedOut(data.vendorData),
    'vendor-data2': handedOut(data.vendorData2),
    'network-config': plain(data.networkConfig),
    'config-obj': plain(data.config ?? {}),
    'update-events': updateEventsOf(data),
    metadata: plain(data.metadata ?? {}),
    v1: withoutFacts(standardKeys(data, datasource.id, hostname)),
    'sensitive-keys': sensitivePaths({ ds: datasourceKeys(data) }, data.sensitiveKeys),
  }
}

/** What is compared only where the case has it. */
const occasionalOf = ({ data }: FoundDatasource, extras: Extras): JsonObject => ({
  'network-config-sources': plain(data.networkConfigSources),
  'fallback-interface': data.fallbackLink ?? null,
  'check-instance-id': extras.checkInstanceId ?? null,
  devices: extras.devices ?? null,
})

const expectedValue = (expected: JsonObject, key: string): Json => {
  if (key === 'v1') return withoutFacts(objectAt(expected, 'v1'))
  const base64 = expected['user-data-base64']
  if (key === 'user-data' && typeof base64 === 'string') return { base64 }
  return expected[key] ?? null
}

/** The recorded program raised when asked for this value: it says nothing about what is right. */
const isRaised = (value: Json): boolean => isJsonObject(value) && value['$error'] !== undefined

export const compareFound = (
  vector: JsonObject,
  machine: MemoryMachine,
  found: FoundDatasource,
  extras: Extras,
): string[] => {
  const expected = objectAt(vector, 'expected')
  const always = Object.entries(outcomeOf(machine, found))
  const sometimes = Object.entries(occasionalOf(found, extras)).filter(([key]) => expected[key] !== undefined)
  const unsupported = ['metadata-after-setup', 'extra-hotplug-udev-rules'].filter((key) => expected[key] !== undefined)
  return [
    ...[...always, ...sometimes].flatMap(([key, actual]) => {
      const wanted = expectedValue(expected, key)
      const comparable = key === 'config-obj' ? inRecordedSalt(vector, actual) : actual
      return isRaised(wanted) ? [] : differences(wanted, alikeBytes(wanted, comparable), key)
    }),
    ...unsupported.map((key) => `${key}: not supported yet`),
  ]
}

/** Where the machine's own bookkeeping goes, and what the kernel shows; not of the datasource's making. */
const isBookkeeping = (path: string): boolean => path.startsWith('/run/firstlight') || path.startsWith('/sys/')

const differsFrom = (before: TreeEntry | undefined, now: TreeEntry): boolean =>
  before?.content !== now.content || before.mode !== now.mode || before.type !== now.type

const compareFiles = (expected: JsonObject, before: Record<string, TreeEntry>, machine: MemoryMachine): string[] => {
  const now = machine.tree()
  const wanted = objectAt(expected, 'files-written')
  const found: string[] = []
  for (const path of Object.keys(wanted)) {
    const entry = now[path]
    const { mode, content, symlink } = objectAt(wanted, path)
    if (!entry) found.push(`files-written.${path}: not written`)
    else if (typeof symlink === 'string') found.push(...differences(symlink, entry.content, `files-written.${path}`))
    else {
      if (typeof mode === 'string') {
        found.push(...differences(mode, `0o${entry.mode.toString(8)}`, `files-written.${path}.mode`))
      }
      if (typeof content === 'string' && !matchesPattern(content, entry.content)) {
        found.push(...differences(content, entry.content, `files-written.${path}.content`))
      }
    }
  }
  for (const [path, entry] of Object.entries(now)) {
    if (entry.type === 'folder' || isBookkeeping(path) || wanted[path] !== undefined) continue
    if (differsFrom(before[path], entry)) found.push(`files-written.${path}: written, but not expected`)
  }
  const removed = Object.keys(before).filter((path) => before[path]?.type !== 'folder' && now[path] === undefined)
  const wantedRemoved = textsAt(expected, 'files-removed')
  for (const path of wantedRemoved) if (now[path]) found.push(`files-removed.${path}: still there`)
  for (const path of removed) if (!wantedRemoved.includes(path)) found.push(`files-removed.${path}: not expected`)
  return found
}

const compareCommands = (expected: JsonObject, machine: MemoryMachine): string[] => {
  const wanted = textsAt(expected, 'commands')
  const done = new Set(machine.commands.map(({ argv }) => argv.join(' ')))
  const changing = new Set(machine.commands.flatMap(({ argv, asked }) => (asked ? [] : [argv.join(' ')])))
  const missing = wanted.filter((line) => !done.has(line)).map((line) => `commands: ${line}: not run`)
  const extra = [...changing].filter((line) => !wanted.includes(line)).map((line) => `commands: ${line}: not expected`)
  return [...missing, ...extra]
}

/** Every link that was brought up for asking is given back, and no other link is touched than in the record. */
const compareLinks = (expected: JsonObject, machine: MemoryMachine): string[] => {
  const used = new Set(machine.linkCalls.flatMap(({ call, link }) => (call === 'release' ? [] : [link])))
  const held = [...used].filter((link) => machine.linkCalls.findLast((call) => call.link === link)?.call !== 'release')
  const asked = new Set(machine.linkCalls.flatMap(({ call, link }) => (call === 'dhcp' ? [link] : [])))
  const attempts = expected['dhcp-attempts']
  const known =
    Array.isArray(attempts) && attempts.every((link) => link !== null) ? textsAt(expected, 'dhcp-attempts') : undefined
  const extra = known ? [...asked].filter((link) => !known.includes(link)) : []
  return [
    ...held.map((link) => `links: ${link} is not released`),
    ...extra.map((link) => `links: DHCP on ${link}, which was not recorded`),
  ]
}

/** Mounting is tried in an order of our own, but no disk is touched that was not in the record. */
const compareMounts = (expected: JsonObject, machine: MemoryMachine): string[] => {
  const known = textsAt(expected, 'mounts')
  const extra = machine.mounts.filter(({ device, failed }) => !failed && !known.includes(device))
  return [...new Set(extra.map(({ device }) => `mounts: ${device} was not mounted in the record`))]
}

/** May take as long as the recorded program, and a tenth or two seconds more. */
const compareElapsed = (expected: JsonObject, seconds: number): string[] => {
  const recorded = typeof expected['elapsedSeconds'] === 'number' ? expected['elapsedSeconds'] : 0
  const limit = Math.max(recorded * 1.1, recorded + 2)
  return seconds <= limit ? [] : [`elapsedSeconds: ${seconds}, recorded were ${recorded}`]
}

/** What a datasource did to the machine and asked of its cloud, found or not. */
export const compareSideEffects = (
  vector: JsonObject,
  machine: MemoryMachine,
  before: Record<string, TreeEntry>,
): string[] => {
  const expected = objectAt(vector, 'expected')
  return [
    ...compareRequests(vector, machine.requests),
    ...compareFiles(expected, before, machine),
    ...compareCommands(expected, machine),
    ...compareLinks(expected, machine),
    ...compareMounts(expected, machine),
    ...compareElapsed(expected, machine.clock.monotonic() / 1000),
  ]
}
