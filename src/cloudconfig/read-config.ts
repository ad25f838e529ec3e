import { utf8OrNothing } from '../machine/bytes.ts'
import { messageOf } from '../machine/errors.ts'
import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { parseYaml } from './yaml.ts'

/** A mapping from YAML text. What can't be used is reported in one line, and counts as empty. */
export const readConfigText = (text: string, source: string, log: Log): JsonObject => {
  try {
    const value = parseYaml(text, source)
    if (isJsonObject(value)) return value
    if (value !== null) log.error(`${source} is left out: it must be a mapping of keys to values`)
  } catch (error) {
    log.error(`${source} is left out: ${messageOf(error).replace(`${source}, `, '')}`)
  }
  return {}
}

/**
 * Reads a configuration file; undefined when there is none.
 * @param variablesFile when given, a file that begins with `## template: jinja` is rendered with the variables in it
 */
export const readConfigFile = async (
  machine: Machine,
  path: string,
  variablesFile?: string,
): Promise<JsonObject | undefined> => {
  const { files, log } = machine
  try {
    const bytes = files.readBytesIfExists(path)
    if (bytes === undefined) return undefined
    const text = utf8OrNothing(bytes)
    if (text !== undefined) {
      const isTemplate = variablesFile !== undefined && /^##\s*template:/i.test(text)
      return readConfigText(isTemplate ? await renderedFile(machine, path, text, variablesFile) : text, path, log)
    }
    log.error(`${path} is left out: it is not UTF-8`)
  } catch (error) {
    log.error(`${path} is left out: ${messageOf(error)}`)
  }
  return {}
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
