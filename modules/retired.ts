import type { ConfigModule } from '../src/cloudconfig/module.ts'

/** Modules that cloud-init once had. The cloud.cfg of older images still lists them; there is nothing to tell about that. */
const names = [
  'apt_update_upgrade',
  'debug',
  'emit_upstart',
  'foo',
  'migrator',
  'refresh_rmc_and_interface',
  'rightscale_userdata',
  'snap_config',
  'snappy',
  'ubuntu_init_switch',
]

const retired = (id: string): ConfigModule => ({
  id,
  frequency: 'instance',
  distros: 'all',
  // No key asks for it: it is always skipped, with a line at debug level.
  activateBy: [],
  title: 'Retired',
  schema: { type: 'object' },
  run: () => {},
})

export const retiredModules: Readonly<Record<string, () => Promise<ConfigModule>>> = Object.fromEntries(
  names.map((id) => [id, async () => retired(id)]),
)
