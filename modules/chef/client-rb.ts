import { ConfigError } from '../../src/machine/errors.ts'

/** What client.rb is made from; undefined or '': that line is left out. */
export interface ClientSettings {
  readonly chef_license: string | undefined
  readonly log_level: string
  readonly ssl_verify_mode: string
  readonly log_location: string
  readonly validation_name: string
  readonly validation_cert: string | undefined
  readonly validation_key: string
  readonly client_key: string
  readonly server_url: string
  readonly environment: string
  readonly node_name: string
  readonly json_attribs: string
  readonly file_cache_path: string
  readonly file_backup_path: string
  readonly pid_file: string
  readonly show_time: boolean
  readonly encrypted_data_bag_secret: string | undefined
}

const nameWidth = 22

/** A text as Ruby reads it back unchanged. */
const rubyText = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/#(?=[{$@])/g, '\\#')}"`

/** `:info`, with or without its colon. @throws ConfigError */
const rubySymbol = (text: string, key: string): string => {
  if (/^:?[a-z_]\w*$/i.test(text)) return text.startsWith(':') ? text : `:${text}`
  throw new ConfigError(`chef.${key}`, `${JSON.stringify(text)} is no name such as :info`)
}

/** Chef's client.rb (docs.chef.io, "client.rb"). @throws ConfigError */
export const clientRb = (settings: ClientSettings): string => {
  const lines = ['# Written by firstlight from the key chef of the cloud-config.']
  const line = (name: string, value: string): void => {
    lines.push(`${name.padEnd(nameWidth)} ${value}`)
  }
  const text = (name: string, value: string | undefined): void => {
    if (value) line(name, rubyText(value))
  }
  text('chef_license', settings.chef_license)
  if (settings.log_level) line('log_level', rubySymbol(settings.log_level, 'log_level'))
  if (settings.ssl_verify_mode) line('ssl_verify_mode', rubySymbol(settings.ssl_verify_mode, 'ssl_verify_mode'))
  text('log_location', settings.log_location)
  text('validation_client_name', settings.validation_name)
  if (settings.validation_cert) text('validation_key', settings.validation_key)
  text('client_key', settings.client_key)
  text('chef_server_url', settings.server_url)
  text('environment', settings.environment)
  text('node_name', settings.node_name)
  text('json_attribs', settings.json_attribs)
  text('file_cache_path', settings.file_cache_path)
  text('file_backup_path', settings.file_backup_path)
  text('pid_file', settings.pid_file)
  if (settings.show_time) lines.push('Chef::Log::Formatter.show_time = true')
  text('encrypted_data_bag_secret', settings.encrypted_data_bag_secret)
  return `${lines.join('\n')}\n`
}
