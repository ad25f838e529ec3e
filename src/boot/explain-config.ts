import { isDeepStrictEqual } from 'node:util'
import type { ConfigLayer, LayerName, LayerTree } from '../cloudconfig/layers.ts'
import { effectiveConfig, instanceFiles } from '../cloudconfig/load.ts'
import { type Traced, traceOf } from '../cloudconfig/origins.ts'
import { traceLayers } from '../cloudconfig/trace-layers.ts'
import { parseYaml } from '../cloudconfig/yaml.ts'
import { type CachedInstance, readCachedInstance } from '../instance/instance-cache.ts'
import type { InstanceData } from '../instance/instance-data.ts'
import { instanceFolder } from '../instance/paths.ts'
import type { JsonObject } from '../machine/json.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { planMachine } from '../machine/plan.ts'
import { traceParts } from '../userdata/config-origins.ts'
import { consumeUserData } from '../userdata/consume.ts'
import { userDataLimitsOf } from '../userdata/limits.ts'
import type { Boot } from './boot.ts'
import { openBoot } from './open-boot.ts'
import { publishInstanceData } from './publish-instance-data.ts'

/** Files that stand in for what the machine was given. */
export interface ExplainInput {
  readonly userData?: Uint8Array
  readonly vendorData?: Uint8Array
  /** Configuration for a machine that has no /etc/cloud/cloud.cfg. */
  readonly shippedConfig?: string
}

export interface ExplainedConfig {
  /** What every module sees, system_info included. */
  readonly config: Traced<JsonObject>
  /** What the reader should know: layers and parts that are left out, and why. */
  readonly notes: readonly string[]
}

/** Somebody waits for the answer: what does not come soon is taken from the last boot. */
const shortWaits = { maxIncludeSeconds: 5, maxAllIncludesSeconds: 20 }

/**
 * The configuration of a machine, with the origin of everything in it. User-data and vendor-data are taken apart again,
 * on a plan machine: nothing is written, no boothook runs, includes are asked for.
 * @param records what the log of `base` has said; grows
 */
export const explainConfig = async (
  base: Machine,
  records: readonly LogRecord[],
  input: ExplainInput,
): Promise<ExplainedConfig> => {
  const machine = planMachine(base)
  const firstRecord = records.length
  const boot = await openBoot({
    machine,
    records,
    ...(input.shippedConfig !== undefined && { shippedConfig: input.shippedConfig }),
  })
  const cached = withInput(readCachedInstance(machine, boot.paths), input)
  const config = cached ? await explainInstance(boot, cached, input) : traceLayers(boot.base.tree, new Map())
  return { config, notes: notesOf(boot, records.slice(firstRecord)) }
}

const withInput = (
  cached: CachedInstance | undefined,
  { userData, vendorData }: ExplainInput,
): CachedInstance | undefined => {
  if (!userData && !vendorData) return cached
  const { datasource = 'None', data = { instanceId: 'plan' }, machineUuid = '' } = cached ?? {}
  return {
    datasource,
    machineUuid,
    data: { ...data, ...(userData && { userData }), ...(vendorData && { vendorData }) },
  }
}

/** What the log says is wrong, or left out. */
const notesOf = ({ findings }: Boot, records: readonly LogRecord[]): string[] => {
  const said = records.filter(({ level, message }) =>
    level === 'DEBUG' || level === 'INFO' ? / is left out: the configuration /.test(message) : true,
  )
  return [...new Set([...findings, ...said].map(({ message }) => message))]
}

/** The configuration of an instance, with the origin of everything in it; on the plan machine of `boot`. */
export const explainInstance = async (
  boot: Boot,
  cached: CachedInstance,
  input: ExplainInput,
): Promise<Traced<JsonObject>> => {
  const { machine, paths, base } = boot
  const { data } = cached
  const folder = instanceFolder(paths, data.instanceId)
  const kept = input.userData || input.vendorData ? [] : keptFiles(machine, folder)
  if (!machine.files.exists(`${paths.run}/instance-data-sensitive.json`)) await publishInstanceData(boot, cached)
  const traced = await traceDocuments(boot, data)
  for (const { name, path, text } of kept) {
    if (isDeepStrictEqual(parseYaml(text, path) ?? {}, traced.get(name)?.value ?? {})) continue
    machine.log.warning(`${name} can't be read as when this machine booted: lines are those of ${path}`)
    machine.files.write(path, text, { mode: 0o600 })
    traced.delete(name)
  }
  const { tree } = await effectiveConfig(machine, base, folder, data.config ? { datasource: data.config } : {})
  const known = layersOf(tree).flatMap((layer): [ConfigLayer, Traced<JsonObject>][] => {
    if (layer.name === 'datasource') return [[layer, ofDatasource(layer, cached.datasource)]]
    const made = traced.get(layer.name)
    return made ? [[layer, { value: layer.config, trace: made.trace }]] : []
  })
  return traceLayers(tree, new Map(known))
}

/** Takes user-data and vendor-data apart, and tells for each what its parts make. */
const traceDocuments = async (
  { machine, paths, base }: Boot,
  data: InstanceData,
): Promise<Map<LayerName, Traced<JsonObject>>> => {
  const traced = new Map<LayerName, Traced<JsonObject>>()
  const limits = { ...userDataLimitsOf(base.config), ...shortWaits }
  await consumeUserData(machine.as('plan'), {
    paths,
    data,
    base,
    isNew: false,
    limits,
    onConfigParts: (source, parts) => void traced.set(source, traceParts(parts, source, limits.yaml)),
  })
  return traced
}

interface KeptFile {
  readonly name: LayerName
  readonly path: string
  readonly text: string
}

/** What the last boot has made of user-data and vendor-data. */
const keptFiles = (machine: Machine, folder: string): KeptFile[] =>
  instanceFiles.flatMap(([name, file]) => {
    const path = `${folder}/${file}`
    const text = machine.files.readTextIfExists(path)
    return text === undefined ? [] : [{ name, path, text }]
  })

const layersOf = (tree: LayerTree): ConfigLayer[] => ('members' in tree ? tree.members.flatMap(layersOf) : [tree])

const ofDatasource = ({ config }: ConfigLayer, id: string): Traced<JsonObject> => ({
  value: config,
  trace: traceOf(config, { layer: 'datasource', source: `datasource ${id}` }),
})
