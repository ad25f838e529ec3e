import type { ConfigModule } from '../src/cloudconfig/module.ts'
import { notYet } from './not-yet.ts'

/** Every config module firstlight knows, by id. Loaded when first needed. */
export const modules: Readonly<Record<string, () => Promise<ConfigModule>>> = {
  ...notYet,
  users_groups: async () => (await import('./users_groups/index.ts')).default,
  ssh: async () => (await import('./ssh/index.ts')).default,
  ssh_authkey_fingerprints: async () => (await import('./ssh_authkey_fingerprints/index.ts')).default,
  keys_to_console: async () => (await import('./keys_to_console/index.ts')).default,
  set_passwords: async () => (await import('./set_passwords/index.ts')).default,
  bootcmd: async () => (await import('./bootcmd.ts')).default,
  runcmd: async () => (await import('./runcmd.ts')).default,
  scripts_user: async () => (await import('./scripts_user.ts')).default,
  scripts_vendor: async () => (await import('./scripts_vendor.ts')).default,
  scripts_per_once: async () => (await import('./scripts_per_once.ts')).default,
  scripts_per_boot: async () => (await import('./scripts_per_boot.ts')).default,
  scripts_per_instance: async () => (await import('./scripts_per_instance.ts')).default,
  timezone: async () => (await import('./timezone.ts')).default,
  locale: async () => (await import('./locale.ts')).default,
  set_hostname: async () => (await import('./set_hostname.ts')).default,
  update_hostname: async () => (await import('./update_hostname.ts')).default,
  update_etc_hosts: async () => (await import('./update_etc_hosts.ts')).default,
  package_update_upgrade_install: async () => (await import('./package_update_upgrade_install.ts')).default,
  seed_random: async () => (await import('./seed_random.ts')).default,
  phone_home: async () => (await import('./phone_home.ts')).default,
  final_message: async () => (await import('./final_message.ts')).default,
  power_state_change: async () => (await import('./power_state_change.ts')).default,
  resizefs: async () => (await import('./resizefs.ts')).default,
  write_files: async () => (await import('./write_files/index.ts')).default,
  write_files_deferred: async () => (await import('./write_files/deferred.ts')).default,
  growpart: async () => (await import('./growpart/index.ts')).default,
}
