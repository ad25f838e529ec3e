import type { Frequency } from '../cloudconfig/module.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'

/** One entry of `cloud_init_modules`, `cloud_config_modules` or `cloud_final_modules`. */
export interface ModuleEntry {
  readonly id: string
  /** Overrides the module's own frequency. */
  readonly frequency?: Frequency
  readonly arguments: readonly string[]
}

const frequencies: Readonly<Record<string, Frequency>> = {
  'once-per-instance': 'instance',
  'per-instance': 'instance',
  instance: 'instance',
  always: 'always',
  once: 'once',
}

/** cloud-init's names (`once-per-instance`, `always`, `once`) and the short ones of `single --frequency`. */
export const parseFrequency = (text: Json | undefined): Frequency | undefined =>
  typeof text === 'string' ? frequencies[text] : undefined

/** Names that modules had before. */
const renamed: Readonly<Record<string, string>> = { ubuntu_advantage: 'ubuntu_pro' }

/** `cc_set-hostname.py` and `set-hostname` are `set_hostname`. */
const canonicalId = (name: string): string => {
  const id = name.trim().replace(/^cc_/, '').replace(/\.py$/, '').replaceAll('-', '_')
  return Object.hasOwn(renamed, id) ? (renamed[id] ?? id) : id
}

/** An entry as cloud.cfg writes it: a name, or a list of name, frequency and arguments, or a mapping. */
export const parseModuleEntry = (entry: Json): ModuleEntry | undefined => {
  if (typeof entry === 'string') return { id: canonicalId(entry), arguments: [] }
  if (Array.isArray(entry)) return fromWords(entry)
  if (!isJsonObject(entry) || typeof entry['name'] !== 'string') return undefined
  const frequency = parseFrequency(entry['frequency'] ?? entry['freq'])
  const words = Array.isArray(entry['args']) ? entry['args'] : []
  return { id: canonicalId(entry['name']), ...(frequency && { frequency }), arguments: words.map(String) }
}

const fromWords = ([name, second, ...rest]: Json[]): ModuleEntry | undefined => {
  if (typeof name !== 'string') return undefined
  const frequency = parseFrequency(second)
  const words = [...(frequency || second === undefined ? [] : [second]), ...rest]
  return { id: canonicalId(name), ...(frequency && { frequency }), arguments: words.map(String) }
}

/** The modules of a stage in their order. What is not an entry is reported and left out. */
export const readModuleList = (config: JsonObject, key: string, log: Log): ModuleEntry[] => {
  const list = config[key]
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) {
    log.error(`${key}: a list of module names is expected; none of its modules run`)
    return []
  }
  return list.flatMap((item, index) => {
    const entry = parseModuleEntry(item)
    if (entry) return [entry]
    log.error(`${key}[${index}]: expected a module name or [name, frequency, arguments...]; it is left out`)
    return []
  })
}
