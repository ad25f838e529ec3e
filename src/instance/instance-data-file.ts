import { ConfigError } from '../machine/errors.ts'
import { isJsonObject, type JsonObject, parseJson } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'
import type { InstanceData } from './instance-data.ts'
import { datasourceKeys } from './instance-ds.ts'
import { cloudNamesOf, standardKeys } from './instance-v1.ts'
import type { Paths } from './paths.ts'
import { pythonJson } from './python-json.ts'
import { redact, withKeyLists } from './redact.ts'
import { usualSensitiveKeys } from './sensitive-keys.ts'
import { type SystemFacts, systemInfoKeys, systemStandardKeys } from './system-facts.ts'

export interface InstanceDocumentSources {
  readonly data: InstanceData
  /** Datasource id as in datasource_list. */
  readonly datasource: string
  /** Short host name, by metadata or the present one. */
  readonly hostname: string
  readonly facts: SystemFacts
  /** The merged configuration of the image. */
  readonly systemConfig: JsonObject
}

const noteOnDs =
  "EXPERIMENTAL: The structure and format of content scoped under the 'ds' key may change in subsequent releases of cloud-init."
const noteOnMergedConfig = 'DEPRECATED: Use merged_system_cfg. Will be dropped from 24.1'
const noteOnSystemConfig = 'Merged cloud-init system config from /etc/cloud/cloud.cfg and /etc/cloud/cloud.cfg.d/'

/** The content of instance-data-sensitive.json. Its keys and notes are cloud-init's: templates and scripts read them. */
export const instanceDocument = ({
  data,
  datasource,
  hostname,
  facts,
  systemConfig,
}: InstanceDocumentSources): JsonObject => {
  const standard = standardKeys(data, datasource, hostname)
  const document: JsonObject = {
    ds: { _doc: noteOnDs, ...datasourceKeys(data) },
    merged_cfg: { ...systemConfig, _doc: noteOnMergedConfig },
    merged_system_cfg: { ...systemConfig, _doc: noteOnSystemConfig },
    sys_info: systemInfoKeys(facts),
    v1: { ...systemStandardKeys(facts), ...standard, subplatform: standard['subplatform'] ?? 'unknown' },
  }
  return withKeyLists(document, [...usualSensitiveKeys, ...(data.sensitiveKeys ?? [])])
}

/**
 * Writes /run/cloud-init/instance-data-sensitive.json (root alone), instance-data.json (everybody, redacted), and the
 * cloud's id as file name, content and link.
 */
export const writeInstanceData = (machine: Machine, paths: Paths, sources: InstanceDocumentSources): JsonObject => {
  const document = instanceDocument(sources)
  const { files } = machine
  files.write(`${paths.run}/instance-data-sensitive.json`, `${pythonJson(document)}\n`, { mode: 0o600 })
  files.write(`${paths.run}/instance-data.json`, `${pythonJson(redact(document))}\n`, { mode: 0o644 })
  writeCloudId(machine, paths, cloudNamesOf(sources.data, sources.datasource).cloudId)
  return document
}

const writeCloudId = (machine: Machine, paths: Paths, cloudId: string): void => {
  const link = `${paths.run}/cloud-id`
  const file = `${link}-${cloudId.replaceAll('/', '_')}`
  const previous = machine.files.readLink(link)
  machine.files.write(file, `${cloudId}\n`, { mode: 0o644 })
  if (previous === file) return
  machine.files.symlink(file, link)
  if (previous?.startsWith(`${link}-`)) machine.files.remove(previous)
}

/**
 * Writes the configuration of image and instance together to /run/cloud-init/combined-cloud-config.json and into
 * instance-data-sensitive.json, which are root's alone.
 */
export const writeCombinedConfig = (machine: Machine, paths: Paths, combined: JsonObject): void => {
  const { files } = machine
  files.write(`${paths.run}/combined-cloud-config.json`, `${pythonJson(combined)}\n`, { mode: 0o600 })
  const sensitive = `${paths.run}/instance-data-sensitive.json`
  const text = files.readTextIfExists(sensitive)
  if (text === undefined) return
  const document = parseJson(text)
  if (!isJsonObject(document)) throw new ConfigError(sensitive, 'holds no JSON object')
  files.write(sensitive, `${pythonJson({ ...document, merged_system_cfg: combined })}\n`, { mode: 0o600 })
}
