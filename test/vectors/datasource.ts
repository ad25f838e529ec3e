import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeInjectedFiles } from '../../src/instance/injected-files.ts'
import { defaultPaths } from '../../src/instance/paths.ts'
import { type JsonObject, objectAt, textAt } from '../../src/machine/json.ts'
import type { DatasourceContext, DatasourceStage } from '../../src/platform/datasource.ts'
import { gatherPlatform } from '../../src/platform/facts.ts'
import {
  type ContextFor,
  datasourceId,
  type FoundDatasource,
  findDatasource,
} from '../../src/platform/find-datasource.ts'
import { azureCase } from './datasource-azure.ts'
import { textsAt } from './datasource-case.ts'
import { compareFound, compareSideEffects, type Extras } from './datasource-compare.ts'
import { undocumented } from './datasource-differences.ts'
import { recordedMachine } from './datasource-machine.ts'
import { differences, type VectorRunner } from './family.ts'

/** Cases of another kind have a runner of their own beside this one, once they are supported. */
const runOtherKind: VectorRunner = async (vector, file) => {
  const name = `datasource-${textAt(vector, 'kind') ?? ''}.ts`
  if (!existsSync(join(import.meta.dirname, name))) return ['not supported yet']
  const loaded = (await import(`./${name}`)) as { default: VectorRunner }
  return loaded.default(vector, file)
}

/** What the boot's own context says, for the machine of this case. */
const contextsOf = (vector: JsonObject, machine: ReturnType<typeof recordedMachine>): ContextFor => {
  const name = textAt(vector, 'datasource') ?? ''
  const recorded = objectAt(vector, 'platform')
  const config: JsonObject = {
    ...objectAt(vector, 'systemConfig'),
    datasource: vector['config'] === undefined ? {} : { [name]: vector['config'] },
  }
  return async (id, stage): Promise<DatasourceContext> => {
    const actor = machine.as(`datasource:${id}`)
    return {
      machine: actor,
      platform: await gatherPlatform(actor),
      stage,
      settings: objectAt(objectAt(config, 'datasource'), id),
      config,
      paths: defaultPaths,
      distro: textAt(recorded, 'distro') ?? 'ubuntu',
      defaultUser: 'ubuntu',
      renderer: textAt(recorded, 'renderer') ?? 'netplan',
    }
  }
}

/** What is asked of a datasource after it was found, when the case says so. */
const askExtras = async (vector: JsonObject, context: DatasourceContext, found: FoundDatasource): Promise<Extras> => {
  const calls = textsAt(vector, 'extraCalls')
  const { datasource, data } = found
  const hostKeys = Array.isArray(vector['hostKeys']) ? vector['hostKeys'] : []
  if (calls.includes('publish_host_keys')) {
    const lines = hostKeys.flatMap((key) => (Array.isArray(key) ? [key.join(' ')] : []))
    await datasource.publishHostKeys?.(context, lines)
  }
  const devices = calls.flatMap((call) => (call.startsWith('device_name_to_device:') ? [call.slice(22)] : []))
  return {
    ...(calls.includes('check_instance_id') && {
      checkInstanceId: datasource.checkInstanceId?.(context, data.instanceId) ?? false,
    }),
    ...(devices.length > 0 && {
      devices: Object.fromEntries(devices.map((name) => [name, datasource.deviceOf?.(context, data, name) ?? null])),
    }),
  }
}

const runDatasource = async (vector: JsonObject): Promise<string[]> => {
  const name = textAt(vector, 'datasource') ?? ''
  const stage: DatasourceStage = textAt(vector, 'stage') === 'local' ? 'local' : 'network'
  const id = datasourceId(name)
  if (id === undefined) return ['not supported yet']
  const machine = recordedMachine(vector)
  const before = machine.tree()
  const contextFor = contextsOf(vector, machine)

  const found = await findDatasource([name, 'None'], stage, contextFor)
  const expected = objectAt(vector, 'expected')
  const isFound = found?.datasource.id === id
  const wanted = textAt(expected, 'result') === 'found'
  if (found === undefined || !isFound || !wanted) {
    const outcome = differences(wanted ? 'found' : 'not found', isFound ? 'found' : 'not found', 'result')
    const said = machine.records.flatMap(({ level, message }) => (level === 'WARNING' ? [`  log: ${message}`] : []))
    if (outcome.length > 0) return [[...outcome, ...said].join('\n')]
    return compareSideEffects(vector, machine, before)
  }
  writeInjectedFiles(machine, found.data)
  const extras = await askExtras(vector, await contextFor(id, stage), found)
  return [...compareFound(vector, machine, found, extras), ...compareSideEffects(vector, machine, before)]
}

const run: VectorRunner = async (vector, file) => {
  if (textAt(vector, 'kind') !== 'datasource') return runOtherKind(vector, file)
  return undocumented(vector, await runDatasource(azureCase(vector)))
}

export default run
