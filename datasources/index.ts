import type { Datasource } from '../src/platform/datasource.ts'

/** Every datasource firstlight knows, by id. Loaded when first needed. */
export const datasources: Readonly<Record<string, () => Promise<Datasource>>> = {}
