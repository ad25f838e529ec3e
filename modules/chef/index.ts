import { type Attempts, attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { renderTemplate } from '../../src/distros/render-template.ts'
import { ConfigError, messageOf } from '../../src/machine/errors.ts'
import { type JsonObject, objectAt } from '../../src/machine/json.ts'
import { scriptTimeoutSeconds } from '../../src/machine/run-parts.ts'
import { type ClientSettings, clientRb } from './client-rb.ts'
import { folderOf, moveOldFolders, usualFolders } from './folders.ts'
import { installChef } from './install.ts'
import { schema } from './schema.ts'
import { type ChefConfig, readClientSettings, usualFirstBoot, usualKey } from './settings.ts'

const clientCommand = '/usr/bin/chef-client'
/** As a daemon, every half hour, not all at the same second. */
const usualArguments = ['-d', '-i', '1800', '-s', '20']

const makeFolders = async ({ machine }: ModuleContext, chef: ChefConfig, steps: Attempts): Promise<void> => {
  for (const folder of new Set([...(chef.directories ?? usualFolders), '/etc/chef'])) {
    await steps.attempt('chef.directories', () => machine.files.makeFolder(folder))
  }
  await steps.attempt('chef', () => moveOldFolders(machine))
}

/** `system` says that the key came with the image. */
const writeKey = ({ machine }: ModuleContext, chef: ChefConfig): void => {
  const { validation_cert: key, validation_key: file = usualKey } = chef
  if (key === 'system' && !machine.files.exists(file)) {
    machine.log.warning(`chef.validation_cert: it says system, but there is no ${file}`)
  }
  if (key && key !== 'system') machine.files.write(file, key, { mode: 0o600 })
}

/** @returns the file's path */
const writeClientRb = async (context: ModuleContext, chef: ChefConfig): Promise<string> => {
  const { files } = context.machine
  const settings = readClientSettings(chef, context)
  const { log_location, validation_key, client_key, file_cache_path, json_attribs, pid_file } = settings
  const paths = [log_location, validation_key, client_key, file_cache_path, json_attribs, pid_file]
  for (const folder of [...paths, settings.encrypted_data_bag_secret].flatMap(folderOf)) files.makeFolder(folder)
  const path = chef.config_path ?? '/etc/chef/client.rb'
  files.write(path, await renderClientRb(context, settings))
  return path
}

/** An image may bring its own template of client.rb. */
const renderClientRb = async ({ machine, paths }: ModuleContext, settings: ClientSettings): Promise<string> => {
  const file = `${paths.templates}/chef_client.rb.tmpl`
  const template = machine.files.readTextIfExists(file)
  if (template === undefined) return clientRb(settings)
  const values = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, value ?? null]))
  return renderTemplate(template, { ...values, generated_by: '# Written by firstlight.' }).catch((error: unknown) => {
    throw new ConfigError(file, `it is no usable template: ${messageOf(error)}`)
  })
}

const writeFirstBoot = ({ machine }: ModuleContext, chef: ChefConfig): void => {
  const file = chef.firstboot_path ?? usualFirstBoot
  if (file === '') return
  const attributes = { ...(chef.run_list && { run_list: chef.run_list }), ...chef.initial_attributes }
  machine.files.write(file, JSON.stringify(attributes))
}

/** @returns true: what throws has not installed it */
const install = async (context: ModuleContext, chef: ChefConfig): Promise<true> => {
  await installChef(context, {
    type: chef.install_type ?? 'packages',
    url: chef.omnibus_url ?? 'https://www.chef.io/chef/install.sh',
    retries: chef.omnibus_url_retries ?? 5,
    version: chef.omnibus_version,
  })
  return true
}

/** Keys that the schema does not have, and that work all the same, as in cloud-init. */
const readUnlisted = (cloudConfig: JsonObject): { readonly words: readonly string[]; readonly removesKey: boolean } => {
  const chef = objectAt(cloudConfig, 'chef')
  const given = chef['exec_arguments']
  const words = Array.isArray(given) ? given.map(String) : typeof given === 'string' ? [given] : usualArguments
  return { words, removesKey: chef['delete_validation_post_exec'] === true }
}

const runClient = async ({ machine, cloudConfig }: ModuleContext): Promise<void> => {
  const { words, removesKey } = readUnlisted(cloudConfig)
  await machine.run([clientCommand, ...words], { output: 'pass', timeoutSeconds: scriptTimeoutSeconds })
  if (removesKey) machine.files.remove(usualKey)
}

export default defineModule({
  id: 'chef',
  frequency: 'always',
  distros: 'all',
  activateBy: ['chef'],
  title: 'Set up Chef',
  description:
    'Writes the configuration of the client, installs it where it is missing, and runs it when `exec` says so. At every boot.',
  examples: [
    '#cloud-config\nchef:\n  server_url: https://chef.example.com\n  validation_name: example-validator\n' +
      '  validation_cert: system\n  run_list: ["recipe[apache2]"]\n  exec: true\n',
  ],
  schema,
  run: async ({ chef }, context) => {
    if (chef === undefined) return
    const { machine } = context
    const steps = attempts(machine.log)
    await makeFolders(context, chef, steps)
    await steps.attempt('chef.validation_cert', () => writeKey(context, chef))
    const configFile = await steps.attempt('chef', () => writeClientRb(context, chef))
    await steps.attempt('chef.firstboot_path', () => writeFirstBoot(context, chef))

    const isThere = machine.files.exists(clientCommand)
    const keeps = isThere && chef.force_install !== true
    const isInstalled = keeps || (await steps.attempt('chef.install_type', () => install(context, chef)))
    // A gem that was just installed has always been run at once.
    const runs = chef.exec ?? (chef.install_type === 'gems' && !keeps)
    if (runs && configFile !== undefined && isInstalled) await steps.attempt('chef.exec', () => runClient(context))
    steps.finish()
  },
})
