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
}
