import { readPaths } from '../../src/cloudconfig/read-paths.ts'
import { fromMetadata } from '../../src/instance/from-metadata.ts'
import { hostnamesOf } from '../../src/instance/hostname.ts'
import { writeInstanceData } from '../../src/instance/instance-data-file.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { answerQuery, type Query } from '../../src/instance/query.ts'
import { redact, withKeyLists } from '../../src/instance/redact.ts'
import type { SystemFacts } from '../../src/instance/system-facts.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { memoryMachine } from '../../src/machine/memory.ts'
import { differences, type VectorRunner } from './family.ts'
import { commandMachine, readOptions } from './recorded-command.ts'
import { listAt, recordingLog } from './recorded-log.ts'

const queryOptions = {
  all: { type: 'boolean', short: 'a' },
  debug: { type: 'boolean', short: 'd' },
  'instance-data': { type: 'string', short: 'i' },
  'list-keys': { type: 'boolean', short: 'l' },
  'user-data': { type: 'string', short: 'u' },
  'vendor-data': { type: 'string', short: 'v' },
  format: { type: 'string', short: 'f' },
} as const

const runCommand = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = commandMachine(input)
  const { values, positionals } = readOptions(listAt(input, 'argv').slice(2).map(String), queryOptions)
  const query: Query = {
    folder: '/',
    all: values['all'] === true,
    listKeys: values['list-keys'] === true,
    ...textOption('name', positionals[0]),
    ...textOption('format', values['format']),
    ...textOption('instanceDataFile', values['instance-data']),
    ...textOption('userDataFile', values['user-data']),
    ...textOption('vendorDataFile', values['vendor-data']),
  }
  const log = recordingLog()
  const paths = await readPaths(machine)
  const { exitCode, output, showsHelp } = await answerQuery(machine, paths, query, log)
  const stdout = output === undefined ? '' : `${output}\n`
  const results = differences(expected['exit_code'], exitCode, 'exit_code')
  // An uncaught exception of the recorded program says only that it failed.
  if (expected['raised'] !== undefined) return results
  if (expected['stdout_prefix'] === undefined) results.push(...differences(expected['stdout'], stdout, 'stdout'))
  else if (!showsHelp) results.push('stdout: expected the help')
  return [...results, ...compareMessages(textAt(expected, 'stderr') ?? '', log.records)]
}

const textOption = (key: string, value: unknown) => (typeof value === 'string' ? { [key]: value } : {})

/** `query.py[ERROR]: text` against what the log got. */
export const compareMessages = (
  stderr: string,
  records: readonly { readonly level: string; readonly message: string }[],
): string[] => {
  const wanted = [...stderr.matchAll(/^\w+\.py\[(\w+)\]: (.*)$/gm)].map(([, level, message]) => `${level} ${message}`)
  return differences(
    wanted,
    records.map(({ level, message }) => `${level} ${message}`),
    'stderr',
  )
}

const runProcess = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const processed = withKeyLists(objectAt(input, 'metadata'), listAt(input, 'sensitive_keys').map(String))
  return [
    ...differences(expected['processed'], processed, 'processed'),
    ...differences(expected['redacted'], redact(processed), 'redacted'),
  ]
}

const factsOf = (recorded: JsonObject): SystemFacts => {
  const [id = '', version = '', release = ''] = listAt(recorded, 'dist').map(String)
  const uname = listAt(recorded, 'uname').map(String)
  return {
    distribution: [id, version, release],
    kernelRelease: textAt(recorded, 'release') ?? '',
    architecture: uname[4] ?? '',
    platform: textAt(recorded, 'platform') ?? '',
    python: textAt(recorded, 'python') ?? null,
    uname,
    variant: textAt(recorded, 'variant') ?? '',
  }
}

/** Bytes in metadata carry a mark, as datasources put it there (src/instance/binary-values.ts). */
const withMarkedBytes = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withMarkedBytes)
  if (!isJsonObject(value)) return value
  const base64 = value['$bytes']
  if (typeof base64 === 'string') return `ci-b64:${base64}`
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withMarkedBytes(item)]))
}

const runPersist = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = memoryMachine({ files: { '/proc/sys/kernel/hostname': `${textAt(input, 'system_hostname')}\n` } })
  const metadata = objectAt({ metadata: withMarkedBytes(input['metadata'] ?? {}) }, 'metadata')
  const parts = fromMetadata(metadata)
  const cloudName = textAt(input, 'cloud_name')
  const data = {
    instanceId: String(metadata['instance-id']),
    ...parts,
    ...(cloudName !== undefined && { cloudName }),
    ...textOption('platform', input['platform']),
    ...textOption('subplatform', input['subplatform']),
    ...(input['network_json'] !== undefined && { extra: { network_json: input['network_json'] } }),
  }
  const { hostname } = hostnamesOf(machine, parts.localHostname)
  const facts = factsOf(objectAt(input, 'sys_info'))
  const datasource = textAt(input, 'dsname') ?? 'NoCloud'
  writeInstanceData(machine, defaultPaths, { data, datasource, hostname, facts, systemConfig: {} })
  const tree = machine.tree()
  const content = (name: string): Json => JSON.parse(tree[`/run/cloud-init/${name}`]?.content ?? 'null')
  const mode = (name: string): string => (tree[`/run/cloud-init/${name}`]?.mode ?? 0).toString(8).padStart(4, '0')
  const runFiles = Object.fromEntries(
    Object.entries(tree)
      .filter(([path]) => path.startsWith('/run/cloud-init/cloud-id'))
      .map(([path, entry]) => [
        path.slice('/run/cloud-init/'.length),
        entry.type === 'link' ? `-> ${entry.content}` : entry.content,
      ]),
  )
  return [
    ...differences(expected['instance_data'], content('instance-data.json'), 'instance-data'),
    ...differences(expected['instance_data_sensitive'], content('instance-data-sensitive.json'), 'sensitive'),
    ...differences(expected['instance_data_mode'], mode('instance-data.json'), 'mode'),
    ...differences(expected['instance_data_sensitive_mode'], mode('instance-data-sensitive.json'), 'sensitive mode'),
    ...differences(expected['run_files'], runFiles, 'run_files'),
  ]
}

const kinds: Readonly<Record<string, (vector: JsonObject) => Promise<string[]>>> = {
  cli: runCommand,
  'process-metadata': runProcess,
  'persist-instance-data': runPersist,
}

const runner: VectorRunner = async (vector) => {
  const kind = textAt(vector, 'kind') ?? ''
  return kinds[kind]?.(vector) ?? [`no runner for the kind ${kind}`]
}

export default runner
