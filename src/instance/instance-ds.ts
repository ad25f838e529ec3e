import type { JsonObject } from '../machine/json.ts'
import type { InstanceData } from './instance-data.ts'

/** What stands below `ds` in instance-data.json: what the datasource said, in its own words. */
export const datasourceKeys = (data: InstanceData): JsonObject =>
  data.ds ?? { meta_data: data.metadata ?? {}, ...data.extra }
