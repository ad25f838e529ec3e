import type { ConfigModule } from '../src/cloudconfig/module.ts'

/** Every config module firstlight knows, by id. Loaded when first needed. */
export const modules: Readonly<Record<string, () => Promise<ConfigModule>>> = {}
