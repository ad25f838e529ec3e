import type { FromSchema } from 'json-schema-to-ts'
import type { ModuleContext } from '../../src/cloudconfig/module.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import type { ClientSettings } from './client-rb.ts'
import type { schema } from './schema.ts'

export type ChefConfig = NonNullable<FromSchema<typeof schema, { keepDefaultedPropertiesOptional: true }>['chef']>

export const usualKey = '/etc/chef/validation.pem'
export const usualFirstBoot = '/etc/chef/firstboot.json'

const required = (value: string | undefined, key: string): string => {
  if (value) return value
  throw new ConfigError(`chef.${key}`, 'it is missing, and the client can not work without it')
}

/** What client.rb says. @throws ConfigError without server_url or validation_name */
export const readClientSettings = (chef: ChefConfig, { instance }: ModuleContext): ClientSettings => ({
  chef_license: chef.chef_license,
  log_level: chef.log_level ?? ':info',
  ssl_verify_mode: chef.ssl_verify_mode ?? ':verify_none',
  log_location: chef.log_location ?? '/var/log/chef/client.log',
  validation_name: required(chef.validation_name, 'validation_name'),
  validation_cert: chef.validation_cert,
  validation_key: chef.validation_key ?? usualKey,
  client_key: chef.client_key ?? '/etc/chef/client.pem',
  server_url: required(chef.server_url, 'server_url'),
  environment: chef.environment ?? '_default',
  node_name: chef.node_name ?? instance.id,
  json_attribs: chef.json_attribs ?? usualFirstBoot,
  file_cache_path: chef.file_cache_path ?? '/var/chef/cache',
  file_backup_path: chef.file_backup_path ?? '/var/chef/backup',
  pid_file: chef.pid_file ?? '/var/run/chef/client.pid',
  show_time: chef.show_time ?? true,
  encrypted_data_bag_secret: chef.encrypted_data_bag_secret,
})
