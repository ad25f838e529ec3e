import { isJsonObject, type JsonObject } from '../machine/json.ts'
import type { Log } from '../machine/log.ts'
import { acceptValue, type Finding } from './accept-value.ts'
import type { ConfigModule } from './module.ts'
import { hasDeprecations, type SchemaNode, schemaOf } from './schema-node.ts'
import type { Validators } from './validators.generated.js'

/** More lines about one module are not worth reading. */
const maxLines = 50

/**
 * The top-level keys of the configuration that a module reads, as its schema wants them. A value of the wrong type is
 * converted where that is safe; else the smallest list item or key that holds it is left out and reported in one line.
 * Deprecated keys are reported with their replacement. An empty key (null) counts as absent where the schema has no null.
 */
export const acceptConfig = async (module: ConfigModule, config: JsonObject, log: Log): Promise<JsonObject> => {
  const schema = schemaOf(module)
  const own = ownKeys(schema, config)
  if (Object.keys(own).length === 0) return own
  const validate = (await loadValidators(log))?.[module.id]
  if (validate?.(own) && !hasDeprecations(schema)) return own
  const findings: Finding[] = []
  const accepted: JsonObject = {}
  for (const [key, value] of Object.entries(own)) {
    const keySchema = schema.properties?.[key]
    const result = keySchema ? acceptValue(value, keySchema, key, findings) : { value }
    if (result) accepted[key] = result.value
  }
  report(findings, log)
  return accepted
}

const ownKeys = ({ properties = {} }: SchemaNode, config: JsonObject): JsonObject => {
  const own: JsonObject = {}
  for (const key of Object.keys(properties)) {
    const value = config[key]
    if (value !== undefined && value !== null) own[key] = value
  }
  return own
}

const report = (findings: readonly Finding[], log: Log): void => {
  const shown = findings.filter(({ kind }) => kind !== 'note')
  for (const { kind, path, text } of shown.slice(0, maxLines)) {
    if (kind === 'error') log.error(`${path}: ${text}; it is left out`)
    else if (kind === 'warning') log.warning(`${path}: ${text}`)
    else log.deprecated(`${path}: ${text}`)
  }
  if (shown.length > maxLines) log.error(`${shown.length - maxLines} more such findings are not listed`)
  for (const { path, text } of findings.filter(({ kind }) => kind === 'note').slice(0, maxLines)) {
    log.debug(`${path}: ${text}`)
  }
}

let loaded: Promise<Validators | undefined> | undefined

/** The validators that the build compiled. Without them (in a checkout before `npm run generate`) every config is walked. */
const loadValidators = (log: Log): Promise<Validators | undefined> => {
  loaded ??= import('./validators.generated.js').then(
    ({ validators }) => validators,
    () => {
      log.debug('no compiled validators: configuration is checked the slow way')
      return undefined
    },
  )
  return loaded
}

/**
 * Reports top-level keys that no module knows, with the one that was probably meant. They have no effect.
 * @param source whose keys they are: `user-data`
 */
export const reportUnknownKeys = async (config: JsonObject, source: string, log: Log): Promise<void> => {
  const { knownKeys } = await import('./known-keys.ts')
  const { nearestName } = await import('./nearest.ts')
  for (const key of Object.keys(config)) {
    if (knownKeys.has(key)) continue
    const nearest = nearestName(key, knownKeys)
    log.warning(`${source}: there is no key ${key}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`)
  }
}

/** True for a configuration that says something about this module. */
export const concerns = (module: ConfigModule, config: JsonObject): boolean => {
  const { properties = {} } = schemaOf(module)
  return isJsonObject(config) && Object.keys(properties).some((key) => key in config)
}
