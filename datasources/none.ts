import { fromMetadata } from '../src/instance/from-metadata.ts'
import type { InstanceData } from '../src/instance/instance-data.ts'
import { isJsonObject, textAt } from '../src/machine/json.ts'
import { type DatasourceContext, defineDatasource } from '../src/platform/datasource.ts'

const fetch = ({ settings, machine }: DatasourceContext): InstanceData => {
  const metadata = settings['metadata'] ?? {}
  if (!isJsonObject(metadata)) {
    machine.log.warning('datasource.None.metadata: a mapping is expected; it is ignored')
  }
  return {
    ...fromMetadata(isJsonObject(metadata) ? metadata : {}),
    // Always this one: the name by which scripts know a machine without a cloud.
    instanceId: 'iid-datasource-none',
    subplatform: 'config',
    userData: Buffer.from(textAt(settings, 'userdata_raw') ?? ''),
  }
}

/** No cloud at all: what `datasource.None` in the configuration says, or nothing. Never fails to answer. */
export default defineDatasource({
  id: 'None',
  stages: ['network'],
  detect: ({ settings }) => settings['metadata'] === undefined || isJsonObject(settings['metadata']),
  fetch: async (context) => fetch(context),
})
