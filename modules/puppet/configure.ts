import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { dumpYaml } from '../../src/cloudconfig/yaml.ts'
import { chooseHostname } from '../../src/distros/hostname.ts'
import { withSettings } from '../../src/distros/settings-file.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { Owner } from '../../src/machine/files.ts'
import { isJsonObject, type Json, type JsonObject, textAt } from '../../src/machine/json.ts'

const sections = ['agent', 'main', 'server', 'user'] as const

/** The certificate's name, in lower case as Puppet wants it: `%i` is the instance id, `%f` the FQDN. */
const certname = ({ machine, instance, cloudConfig }: ModuleContext, pattern: string): string => {
  const hostname = textAt(cloudConfig, 'hostname')
  const fqdn = textAt(cloudConfig, 'fqdn')
  const names = chooseHostname({ ...(hostname && { hostname }), ...(fqdn && { fqdn }) }, instance, machine)
  return pattern.replaceAll('%f', names.fqdn).replaceAll('%i', instance.id).toLowerCase()
}

const lineOf = (context: ModuleContext, name: string, value: Json, key: string): string => {
  if (value === null || typeof value === 'object') throw new ConfigError(key, 'it must be a text; it is left out')
  const text = name === 'certname' ? certname(context, String(value)) : String(value)
  if (/[\n\r]/.test(`${name}${text}`)) throw new ConfigError(key, 'it must be one line; it is left out')
  return text
}

/**
 * Sets the settings in puppet.conf; the file as it was is kept beside it, as `.old`.
 * @param note takes a line about each setting that is unusable
 */
export const configure = (
  context: ModuleContext,
  file: string,
  conf: JsonObject,
  note: (problem: string) => void,
): void => {
  const { files } = context.machine
  const present = files.readTextIfExists(file)
  let text = present ?? ''
  for (const section of sections) {
    const given = conf[section]
    if (isJsonObject(given)) text = withSettings(text, section, settingsOf(context, section, given, note))
  }
  // The second time it would be the changed file that is kept.
  if (present !== undefined && present !== text) files.write(`${file}.old`, present)
  files.write(file, text)
}

const settingsOf = (
  context: ModuleContext,
  section: string,
  given: JsonObject,
  note: (problem: string) => void,
): Record<string, string> => {
  const settings: Record<string, string> = {}
  for (const name of Object.keys(given).sort()) {
    try {
      settings[name] = lineOf(context, name, given[name] ?? null, `puppet.conf.${section}.${name}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      note(error.message)
    }
  }
  return settings
}

/** The authority of the server, where the agent looks for it before its first run. */
export const writeAuthority = ({ machine, distro }: ModuleContext, folder: string, pem: string, user: string): void => {
  const account = distro.accounts.find(machine, user)
  if (account === undefined) throw new ConfigError('puppet.conf.ca_cert', `there is no user ${user} to own it`)
  const owner: Owner = { userId: account.userId, groupId: 0 }
  machine.files.makeFolder(folder, { mode: 0o771, owner })
  machine.files.makeFolder(`${folder}/certs`, { owner })
  machine.files.write(`${folder}/certs/ca.pem`, pem, { mode: 0o644, owner })
}

/** It may hold a key that is as good as a password. */
export const writeRequestAttributes = ({ machine }: ModuleContext, file: string, attributes: JsonObject): void =>
  machine.files.write(file, dumpYaml(attributes), { mode: 0o600 })
