import { utf8OrNothing } from '../machine/bytes.ts'
import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { withUsableKeys } from './engine-keys.ts'
import { parseYaml, type YamlLimits } from './yaml.ts'

/** A mapping from YAML text, an empty one from an empty text; undefined when it can't be used, reported in one line. */
const configOfText = (text: string, source: string, log: Log, limits?: YamlLimits): JsonObject | undefined => {
  try {
    const value = parseYaml(text, source, limits)
    if (value === null) return {}
    if (isJsonObject(value)) return withUsableKeys(value, source, log)
    log.error(`${source} is left out: it must be a mapping of keys to values`)
  } catch (error) {
    log.error(`${source} is left out: ${messageOf(error).replace(`${source}, `, '')}`)
  }
  return undefined
}

/** A mapping from YAML text. What can't be used is reported in one line, and counts as empty. */
export const readConfigText = (text: string, source: string, log: Log): JsonObject =>
  configOfText(text, source, log) ?? {}

/** Configuration, and the text that says so. */
export interface ConfigText {
  readonly config: JsonObject
  /** Rendered, where it is a template. */
  readonly text: string
}

/** Reads a configuration file. One that can't be used is reported in one line. */
export const readConfigFile = async (machine: Machine, path: string): Promise<JsonObject | 'missing' | 'unusable'> => {
  const read = await readConfigFileText(machine, path)
  return typeof read === 'object' ? read.config : read
}

export interface ReadConfigOptions {
  /** When given, a file that begins with `## template: jinja` is rendered with the variables in it. */
  readonly variablesFile?: string
  readonly limits?: YamlLimits
}

/** As readConfigFile, with the text. */
export const readConfigFileText = async (
  machine: Machine,
  path: string,
  { variablesFile, limits }: ReadConfigOptions = {},
): Promise<ConfigText | 'missing' | 'unusable'> => {
  const { files, log } = machine
  try {
    const bytes = files.readBytesIfExists(path)
    if (bytes === undefined) return 'missing'
    const text = utf8OrNothing(bytes)
    if (text !== undefined) {
      const isTemplate = variablesFile !== undefined && /^##\s*template:/i.test(text)
      const rendered = isTemplate ? await renderedFile(machine, path, text, variablesFile) : text
      const config = configOfText(rendered, path, log, limits)
      return config ? { config, text: rendered } : 'unusable'
    }
    log.error(`${path} is left out: it is not UTF-8`)
  } catch (error) {
    log.error(`${path} is left out: ${messageOf(error)}`)
  }
  return 'unusable'
}

/** The text as it is when it can't be rendered: braces in comments and quotes are still good YAML. */
const renderedFile = async (machine: Machine, path: string, text: string, variablesFile: string): Promise<string> => {
  try {
    const stored = machine.files.readTextIfExists(variablesFile)
    if (stored === undefined) return text
    const { renderTemplate, variablesOf } = await import('../template/render-config.ts')
    return renderTemplate(text, path, variablesOf(stored), machine.log)
  } catch (error) {
    machine.log.warning(`${path} is read without rendering its template: ${messageOf(error)}`)
    return text
  }
}
