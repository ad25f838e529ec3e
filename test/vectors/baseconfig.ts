import { configOnCommandLine } from '../../src/cloudconfig/command-line.ts'
import { fetchConfigUrl } from '../../src/cloudconfig/config-url.ts'
import { effectiveConfig, readBaseConfig } from '../../src/cloudconfig/load.ts'
import { readConfigText } from '../../src/cloudconfig/read-config.ts'
import { readPaths } from '../../src/cloudconfig/read-paths.ts'
import { answerCloudId } from '../../src/instance/cloud-id.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { canonicalCloudId } from '../../src/instance/instance-v1.ts'
import { defaultPaths, instanceFolder } from '../../src/instance/paths.ts'
import { isJsonObject, type Json, type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import { type MemoryFile, type MemoryMachine, memoryMachine } from '../../src/machine/memory.ts'
import { consumeUserData } from '../../src/userdata/consume.ts'
import { differences, type VectorRunner } from './family.ts'
import { commandMachine, readOptions } from './recorded-command.ts'
import { listAt, recordingLog } from './recorded-log.ts'
import { recordedUrls, sameUrl } from './recorded-urls.ts'

const recordedFiles = (input: JsonObject): Record<string, MemoryFile> =>
  Object.fromEntries(
    Object.entries(objectAt(input, 'files')).map(([path, file]) => {
      const base64 = isJsonObject(file) ? textAt(file, 'content_base64') : undefined
      return [path, base64 === undefined ? String(file) : Buffer.from(base64, 'base64')]
    }),
  )

const documentAt = (input: JsonObject, key: string): Uint8Array | undefined => {
  const text = textAt(input, key)
  return text === undefined ? undefined : Buffer.from(text, 'utf8')
}

const problemsOf = (machine: MemoryMachine) =>
  machine.records.filter(({ level }) => level !== 'DEBUG' && level !== 'INFO')

const runBase = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const files = recordedFiles(input)
  const variables = input['instance_data']
  if (variables !== undefined && variables !== null) {
    files['/run/cloud-init/instance-data-sensitive.json'] = JSON.stringify(variables)
  }
  const environment = Object.fromEntries(Object.entries(objectAt(input, 'env')).map(([k, v]) => [k, String(v)]))
  const machine = memoryMachine({ files, environment })
  const base = await readBaseConfig(machine, { cmdline: textAt(input, 'cmdline') ?? '' })
  if (expected['error'] !== undefined) {
    // cloud-init ends here; this program reports an error, leaves the file out and goes on.
    return problemsOf(machine).length > 0 ? [] : ['error: expected, but none was reported']
  }
  const datasourceConfig = input['datasource_config']
  const data: InstanceData = {
    instanceId: 'i-testing',
    ...bytes('userData', documentAt(input, 'user_data')),
    ...bytes('vendorData', documentAt(input, 'vendor_data')),
    ...bytes('vendorData2', documentAt(input, 'vendor_data2')),
    ...(isJsonObject(datasourceConfig) && { config: datasourceConfig }),
  }
  await consumeUserData(machine, { paths: defaultPaths, data, base, isNew: true })
  const { config, systemInfo, combined } = await effectiveConfig(
    machine,
    base,
    instanceFolder(defaultPaths, data.instanceId),
    { ...(data.config && { datasource: data.config }), extraFiles: listAt(input, 'extra_fns').map(String) },
  )
  // What cloud-init notes about a file that this program does not write to is left aside.
  const logged = listAt(expected, 'log').filter(
    (entry) => !JSON.stringify(entry).includes('Skipping write of system_info'),
  )
  const isSilent = logged.length > 0 && problemsOf(machine).length === 0
  return [
    ...differences(expected['base_config'], base.config, 'base_config'),
    ...differences(expected['effective_config'], config, 'effective_config'),
    ...differences(expected['system_info'], systemInfo, 'system_info'),
    ...(expected['combined_cloud_config'] === undefined
      ? []
      : differences(expected['combined_cloud_config'], combined, 'combined_cloud_config')),
    ...(isSilent ? ['log: a warning was expected, none came'] : []),
  ]
}

const bytes = (key: string, value: Uint8Array | undefined) => (value === undefined ? {} : { [key]: value })

const runCommandLine = async (vector: JsonObject): Promise<string[]> =>
  listAt(vector, 'rows')
    .filter(isJsonObject)
    .flatMap((row) => {
      const text = configOnCommandLine(textAt(row, 'cmdline') ?? '')
      const log = recordingLog()
      const config = readConfigText(text, 'kernel command line', log)
      const shown: Json = Object.keys(config).length === 0 ? null : config
      return [
        ...differences(row['text'], text, `text of ${textAt(row, 'cmdline')}`),
        ...differences(row['config'] ?? null, shown, `config of ${textAt(row, 'cmdline')}`),
      ]
    })

const runCloudName = async (vector: JsonObject): Promise<string[]> =>
  listAt(vector, 'rows')
    .filter(isJsonObject)
    .flatMap((row) => {
      const name = textAt(row, 'cloud_name') || 'unknown'
      const id = canonicalCloudId(name, textAt(row, 'platform') ?? '', textAt(row, 'region'))
      return differences(row['expected'] ?? '', id, JSON.stringify(row))
    })

const runUrl = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = memoryMachine({ files: recordedFiles(input), http: recordedUrls(objectAt(input, 'urls')) })
  const target = '/etc/cloud/cloud.cfg.d/91_kernel_cmdline_url.cfg'
  await fetchConfigUrl(machine, textAt(input, 'cmdline') ?? '', input['network'] === true)
  const written = machine.files.readTextIfExists(target)
  const log = recordingLog()
  const requests = machine.requests.map(({ url }) => sameUrl(url))
  const level = machine.records.at(-1)?.level ?? 'DEBUG'
  const results = [
    ...differences(
      listAt(expected, 'requests').map((url) => sameUrl(String(url))),
      requests,
      'requests',
    ),
    ...differences(expected['mode'] ?? null, modeOf(machine, target), 'mode'),
  ]
  if (expected['level'] !== undefined) results.push(...differences(expected['level'], level, 'level'))
  if (expected['file_config'] === undefined) {
    return [...results, ...differences(expected['file'] ?? null, written ?? null, 'file')]
  }
  const recorded = expected['file_config']
  // What is no mapping is left out when it is read.
  const config = written === undefined ? null : readConfigText(written, target, log)
  return [...results, ...differences(isJsonObject(recorded) ? recorded : {}, config, 'file_config')]
}

const modeOf = (machine: MemoryMachine, path: string): string | null => {
  const entry = machine.tree()[path]
  return entry === undefined ? null : entry.mode.toString(8).padStart(4, '0')
}

const runCloudId = async (vector: JsonObject): Promise<string[]> => {
  const input = objectAt(vector, 'input')
  const expected = objectAt(vector, 'expected')
  const machine = commandMachine(input)
  const { values } = readOptions(listAt(input, 'argv').slice(1).map(String), {
    'instance-data': { type: 'string', short: 'i' },
    json: { type: 'boolean', short: 'j' },
    long: { type: 'boolean', short: 'l' },
  })
  const log = recordingLog()
  const file = values['instance-data']
  const question = {
    folder: '/',
    state: textAt(input, 'status') ?? 'done',
    json: values['json'] === true,
    long: values['long'] === true,
    ...(typeof file === 'string' && { instanceDataFile: file }),
  }
  const { exitCode, output } = answerCloudId(machine, await readPaths(machine), question, log)
  return [
    ...differences(expected['exit_code'], exitCode, 'exit_code'),
    ...differences(expected['stdout'], output === undefined ? '' : `${output}\n`, 'stdout'),
    ...(textAt(expected, 'stderr') !== '' && log.records.length === 0 ? ['stderr: expected a message'] : []),
  ]
}

const kinds: Readonly<Record<string, (vector: JsonObject) => Promise<string[]>>> = {
  baseconfig: runBase,
  'cc-cmdline': runCommandLine,
  'canonical-cloud-id': runCloudName,
  'cmdline-url': runUrl,
  cli: runCloudId,
}

const runner: VectorRunner = async (vector) => {
  const kind = textAt(vector, 'kind') ?? ''
  return kinds[kind]?.(vector) ?? [`no runner for the kind ${kind}`]
}

export default runner
