import type { Attempts } from '../../src/cloudconfig/attempts.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Json, JsonObject } from '../../src/machine/json.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { knownSettings } from './schema.ts'

const settingName = /^[a-z][a-z0-9_]*$/

const setOne = async (machine: Machine, key: string, value: Json): Promise<void> => {
  const name = `ubuntu_pro.config.${key}`
  if (!settingName.test(key)) throw new ConfigError(name, 'it is no name of a setting')
  if (value === null) {
    await machine.run(['pro', 'config', 'unset', key])
    return
  }
  const text = String(value)
  if (!knownSettings.has(key)) machine.log.warning(`${name}: not known here; pro decides whether it is`)
  else if (!/^https?:\/\//i.test(text))
    throw new ConfigError(name, 'it must be an http or https address; it is not set')
  // The address may hold a password.
  await machine.run(['pro', 'config', 'set', `${key}=${text}`], { secrets: [text] })
}

/** Sets (or, by null, unsets) what the Pro client is configured by; each by itself. */
export const applySettings = async (machine: Machine, settings: JsonObject, steps: Attempts): Promise<void> => {
  for (const [key, value] of Object.entries(settings).sort(([left], [right]) => (left < right ? -1 : 1))) {
    await steps.attempt(`ubuntu_pro.config.${key}`, () => setOne(machine, key, value))
  }
}
