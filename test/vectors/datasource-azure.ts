import { encrypt, verify } from 'unixcrypt'
import type { HttpRequest } from '../../src/machine/http.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { MemoryFile, MemoryMachine } from '../../src/machine/memory.ts'
import { objectsAt, textsAt } from './datasource-case.ts'

/**
 * What Azure's cases record of the recorded program rather than of Azure, and the one thing that firstlight does better
 * (docs/differences.md): SSH keys that the media gives by value need no certificates.
 */
export const azureCase = (vector: JsonObject): JsonObject =>
  textAt(vector, 'datasource') === 'Azure'
    ? { ...vector, expected: withKeysByValue(withOpenMark(withOpenTexts(withKeyLines(objectAt(vector, 'expected'))))) }
    : vector

/** Texts of Python's exceptions and of its XML parser, inside the description of a failure: anything may stand there. */
const withOpenTexts = (expected: JsonObject): JsonObject => ({
  ...expected,
  requests: objectsAt(expected, 'requests').map((request) => {
    const body = textAt(request, 'body')
    if (body === undefined) return request
    const open = body
      .replace(/\|(?:'exception=(?:[^']|'')*'|exception=[^|<]*)/g, '|*exception=*')
      .replace(/'?(reason=error parsing ovf-env.xml:)[^|<]*/g, '*$1*')
    return { ...request, body: open }
  }),
})

/** Keys made from certificates were recorded with the line break that ssh-keygen ends its output with. */
const withKeyLines = (expected: JsonObject): JsonObject => {
  const lines = (object: JsonObject, key: string): JsonObject => {
    const keys = object[key]
    if (!Array.isArray(keys)) return object
    return { ...object, [key]: keys.map((line) => (typeof line === 'string' ? line.trimEnd() : line)) }
  }
  return {
    ...lines(expected, 'public-keys'),
    ...(expected['metadata'] !== undefined && { metadata: lines(objectAt(expected, 'metadata'), 'public-keys') }),
    ...(expected['v1'] !== undefined && { v1: lines(objectAt(expected, 'v1'), 'public_ssh_keys') }),
  }
}

/** The mark that a machine waits in the pool names the process that was recorded. */
const withOpenMark = (expected: JsonObject): JsonObject => {
  const files = objectAt(expected, 'files-written')
  const path = '/var/lib/cloud/data/reported_ready'
  const content = textAt(objectAt(files, path), 'content')
  if (content === undefined) return expected
  const open = { ...objectAt(files, path), content: content.replace(/^\d+:/, '*:') }
  return { ...expected, 'files-written': { ...files, [path]: open } }
}

const withKeysByValue = (expected: JsonObject): JsonObject => {
  const keys = objectsAt(objectAt(expected, 'config-obj'), '_pubkeys').flatMap((key) => textAt(key, 'value') || [])
  const recorded = expected['public-keys']
  if (keys.length === 0 || !Array.isArray(recorded) || recorded.length > 0) return expected
  return {
    ...expected,
    'public-keys': keys,
    metadata: { ...objectAt(expected, 'metadata'), 'public-keys': keys },
    v1: { ...objectAt(expected, 'v1'), public_ssh_keys: keys },
    requests: withReadyReport(objectsAt(expected, 'requests')),
  }
}

/** Recorded was that certificates nobody needed could not be had, so that success was never reported. */
const withReadyReport = (requests: readonly JsonObject[]): JsonObject[] => {
  if (requests.some((request) => request['method'] === 'POST')) return [...requests]
  const ready = { method: 'POST', url: 'http://168.63.129.16/machine?comp=health', body: '*<State>Ready</State>*' }
  return [...requests, ready]
}

const recordedSalt = '$6$abcdefghijklmnop'

/**
 * The outcome with a password's hash in the recorded salt: one that was made with another, but of the same password,
 * which stands in the case's media, is as good.
 */
export const inRecordedSalt = (vector: JsonObject, config: Json): Json => {
  if (!isJsonObject(config)) return config
  const user = objectAt(objectAt(config, 'system_info'), 'default_user')
  const hash = textAt(user, 'hashed_passwd')
  if (hash === undefined) return config
  const password = [...JSON.stringify(vector).matchAll(/UserPassword>([^<]*)</g)]
    .map(([, text]) => text ?? '')
    .find((candidate) => verify(candidate, hash))
  if (password === undefined) return config
  const default_user = { ...user, hashed_passwd: encrypt(password, recordedSalt) }
  return { ...config, system_info: { ...objectAt(config, 'system_info'), default_user } }
}

/** The key for certificates, which the recorded program would have made itself, where WALinuxAgent keeps its own. */
export const transportKeyFiles = (vector: JsonObject): Record<string, MemoryFile> => {
  const key = objectAt(vector, 'transportCert')
  const [certificate, privateKey] = [textAt(key, 'certificate'), textAt(key, 'privateKey')]
  if (certificate === undefined || privateKey === undefined) return {}
  return {
    '/var/lib/waagent/TransportCert.pem': certificate,
    '/var/lib/waagent/TransportPrivate.pem': { content: privateKey, mode: 0o600 },
  }
}

/**
 * What happens to a machine in the pool once it was reported ready: its link loses the carrier for a moment, or its NIC is taken
 * away and another comes. The recorded program was told by netlink (`events`), firstlight looks at /sys.
 */
export const leavePool = (vector: JsonObject, request: HttpRequest, machine: MemoryMachine): void => {
  const events = textsAt(objectAt(vector, 'expected'), 'events')
  if (request.method !== 'POST' || events.length === 0 || machine.requests.filter(isPost).length > 1) return
  const { files, clock } = machine
  const folder = '/sys/class/net/eth0'
  if (events.some((event) => event.startsWith('wait-media-disconnect-connect'))) {
    files.write(`${folder}/carrier_down_count`, '1\n')
  }
  if (!events.includes('wait-nic-detach')) return
  void clock.pass(1000).then(async () => {
    files.rename(folder, '/sys/unplugged')
    await clock.pass(1000)
    files.rename('/sys/unplugged', folder)
    files.write(`${folder}/ifindex`, '12\n')
  })
}

const isPost = ({ method }: HttpRequest): boolean => method === 'POST'
