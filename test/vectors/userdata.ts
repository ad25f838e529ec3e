import { readBaseConfig } from '../../src/cloudconfig/load.ts'
import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { defaultPaths, instanceFolder } from '../../src/instance/paths.ts'
import { vendorDataOf } from '../../src/instance/vendor-data.ts'
import { bytesOfText } from '../../src/machine/bytes.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { type MemoryFile, type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import { consumeUserData, documentsOf } from '../../src/userdata/consume.ts'
import { cleanFileName, withUnixLineEnds } from '../../src/userdata/file-name.ts'
import { type Part, typeByBeginning } from '../../src/userdata/part.ts'
import { partsForLaunchIndex, readParts } from '../../src/userdata/read-parts.ts'
import { differences, type VectorRunner } from './family.ts'
import { printed, runPartHandlerCommand } from './recorded-commands.ts'
import { listAt, recordingLog } from './recorded-log.ts'
import { recordedUrls, sameUrl } from './recorded-urls.ts'
import { unwrap } from './recorded-values.ts'

type Document = Uint8Array | Json

const documentAt = (input: JsonObject, key: string): Document | undefined => {
  const base64 = textAt(input, `${key}_base64`)
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  return input[key] ?? undefined
}

const bytesOf = (document: Document | undefined): Uint8Array | undefined => {
  if (document instanceof Uint8Array) return document
  return typeof document === 'string' ? Buffer.from(document, 'utf8') : undefined
}

const recordedFiles = (input: JsonObject): Record<string, MemoryFile> => {
  const files: Record<string, MemoryFile> = {}
  for (const [path, file] of Object.entries(objectAt(input, 'files'))) {
    const base64 = isJsonObject(file) ? textAt(file, 'content_base64') : undefined
    const text = isJsonObject(file) ? (textAt(file, 'content') ?? '') : String(file)
    files[path] = base64 === undefined ? text : Buffer.from(base64, 'base64')
  }
  const instanceData = input['instance_data'] === undefined ? {} : input['instance_data']
  if (instanceData !== null) files['/run/cloud-init/instance-data-sensitive.json'] = JSON.stringify(instanceData)
  return files
}

const machineOf = (input: JsonObject): MemoryMachine =>
  memoryMachine({
    files: recordedFiles(input),
    http: recordedUrls(objectAt(input, 'urls')),
    which: ['python3'],
    onCommand: runPartHandlerCommand,
  })

const recordedPart = (part: Json): Json => {
  if (!isJsonObject(part)) return part
  const base64 = textAt(part, 'payload_base64')
  const payload = base64 ?? Buffer.from(textAt(part, 'payload') ?? '', 'utf8').toString('base64')
  return {
    content_type: part['content_type'] ?? null,
    filename: part['filename'] ?? null,
    headers: part['headers'] ?? {},
    payload: Buffer.from(payload, 'base64').toString('latin1'),
  }
}

const shownPart = ({ contentType, filename, headers, payload }: Part): Json => ({
  content_type: contentType,
  filename,
  headers: { ...headers },
  payload: Buffer.from(bytesOfText(payload)).toString('latin1'),
})

const checkParts = async (input: JsonObject, expected: JsonObject): Promise<string[]> => {
  const results: string[] = []
  for (const key of ['user_data', 'vendor_data', 'vendor_data2']) {
    const recorded = expected[key === 'user_data' ? 'parts' : `${key}_parts`]
    if (!Array.isArray(recorded)) continue
    const documents = documentsOf(documentAt(input, key))
    const options = { source: key, cacheFolder: '/cache' }
    const parts = await readParts(machineOf(input), documents, options)
    // cloud-init makes a part of nothing at all; it has no effect.
    const wanted = documents.length === 0 ? [] : recorded.map(recordedPart)
    results.push(...differences(wanted, parts.map(shownPart), `${key} parts`))
    if (key !== 'user_data' || !('launch_index' in input)) continue
    const selected = partsForLaunchIndex(parts, input['launch_index'])
    const indexes = selected.map((part) => parts.indexOf(part))
    results.push(...differences(expected['selected_parts'], indexes, 'selected_parts'))
  }
  return results
}

const isConfigFile = (path: string): boolean => path.endsWith('cloud-config.txt')

/** Of a merged config the data and the comment lines count, not how the YAML is laid out. */
const comparable = (path: string, content: Uint8Array): Json => {
  const text = Buffer.from(content).toString('utf8')
  if (!isConfigFile(path)) return Buffer.from(content).toString('latin1')
  // cloud-init lists only some of the parts that it drops; here each one is listed.
  const comments = text.split('\n').filter((line) => line.startsWith('#') && !line.includes('SCHEMA_ERROR'))
  return { comments, config: parseYaml(text, path) }
}

const rawFiles = /\/(?:user-data|vendor-data2?)\.txt(?:\.i)?$/

const writtenFiles = (machine: MemoryMachine): JsonObject => {
  const files: JsonObject = {}
  for (const [path, entry] of Object.entries(machine.tree())) {
    if (!path.startsWith('/var/lib/cloud/') || entry.type !== 'file' || rawFiles.test(path)) continue
    const mode = entry.mode.toString(8).padStart(4, '0')
    files[path.slice('/var/lib/cloud/'.length)] = { mode, content: comparable(path, entry.bytes) }
  }
  return files
}

const expectedFiles = (recorded: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(recorded).map(([path, file]) => {
      const { mode = null, content = '', content_base64: base64 } = isJsonObject(file) ? file : {}
      const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : Buffer.from(String(content), 'utf8')
      return [path, { mode, content: comparable(path, bytes) }]
    }),
  )

const runUserData = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = machineOf(input)
  const data: InstanceData = {
    instanceId: textAt(input, 'instance_id') ?? 'i-testing',
    launchIndex: input['launch_index'] ?? null,
    ...withBytes('userData', bytesOf(documentAt(input, 'user_data'))),
    ...withDocument('vendorData', documentAt(input, 'vendor_data')),
    ...withDocument('vendorData2', documentAt(input, 'vendor_data2')),
  }
  const base = await readBaseConfig(machine, { cmdline: '' })
  const isNew = textAt(input, 'frequency') !== 'always'
  await consumeUserData(machine, { paths: defaultPaths, data, base, isNew })
  const problems = machine.records.filter(({ level }) => level !== 'DEBUG' && level !== 'INFO')
  const requests = machine.requests.map(({ url }) => sameUrl(url))
  const expectedRequests = listAt(expected, 'requests').map((url) => sameUrl(String(url)))
  if (expected['error'] !== undefined && expected['error'] !== null) {
    // cloud-init stops here; this program reports an error and goes on with the other parts.
    return problems.some(({ level }) => level === 'ERROR') ? [] : ['error: expected, but none was reported']
  }
  const folder = instanceFolder(defaultPaths, data.instanceId)
  const written = machine.files.readTextIfExists(`${folder}/cloud-config.txt`) ?? ''
  const executed = machine.commands
    .filter(({ argv }) => argv[0]?.includes('/boothooks/'))
    .map(({ argv, options }): Json => ({ args: [...argv], env: { INSTANCE_ID: options.env?.['INSTANCE_ID'] ?? null } }))
  const recordedText = Object.values(objectAt(expected, 'files')).map((file) => textAt(file as JsonObject, 'content'))
  const unlisted = recordedText
    .flatMap((text) => (text ?? '').split('\n').filter((line) => line.includes('SCHEMA_ERROR')))
    .filter((line) => !written.includes(line))
  // That a request is tried again is no problem as long as an answer comes.
  const logged = listAt(expected, 'log').filter((entry) => !JSON.stringify(entry).includes('Retrying URL'))
  const isSilent = logged.length > 0 && problems.length === 0
  return [
    ...(await checkParts(input, expected)),
    ...differences(unwrap(expected['cloud_config'] ?? null), written === '' ? null : parseYaml(written, 'merged')),
    ...differences(expectedFiles(objectAt(expected, 'files')), writtenFiles(machine), 'files'),
    ...differences(listAt(expected, 'executed'), executed, 'executed'),
    ...differences(expectedRequests, requests, 'requests'),
    ...differences(expected['stdout'] ?? '', printed.splice(0).join(''), 'stdout'),
    ...unlisted.map((line) => `cloud-config.txt: '${line}' is missing`),
    ...(isSilent ? ['log: a warning was expected, none came'] : []),
  ]
}

const withBytes = (key: 'userData', bytes: Uint8Array | undefined) => (bytes ? { [key]: bytes } : {})
const withDocument = (key: 'vendorData' | 'vendorData2', value: Document | undefined) =>
  value === undefined ? {} : { [key]: value }

const perRow =
  (actual: (input: Json) => Json) =>
  async (vector: JsonObject): Promise<string[]> =>
    listAt(vector, 'rows')
      .filter(isJsonObject)
      .flatMap((row) => differences(row['expected'], actual(row['input'] ?? null), JSON.stringify(row['input'])))

const convertVendorData = async (vector: JsonObject): Promise<string[]> =>
  listAt(vector, 'rows')
    .filter(isJsonObject)
    .flatMap((row) => {
      const log = recordingLog()
      const actual = vendorDataOf(row['input'], 'vendor-data', log) ?? null
      if (row['error'] === undefined) return differences(row['expected'], actual, JSON.stringify(row['input']))
      return log.records.length > 0 && actual === null ? [] : [`${JSON.stringify(row['input'])}: expected an error`]
    })

const kinds: Readonly<Record<string, (vector: JsonObject) => Promise<string[]>>> = {
  userdata: runUserData,
  'type-detection': perRow((text) => typeByBeginning(String(text)) ?? null),
  'clean-filename': perRow((text) => cleanFileName(String(text))),
  dos2unix: perRow((text) => withUnixLineEnds(String(text))),
  'convert-vendordata': convertVendorData,
}

const runner: VectorRunner = async (vector) => {
  const kind = textAt(vector, 'kind') ?? ''
  return kinds[kind]?.(vector) ?? [`no runner for the kind ${kind}`]
}

export default runner
