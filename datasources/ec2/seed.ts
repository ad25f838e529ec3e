import { parseYaml } from '../../src/cloudconfig/yaml.ts'
import { fromMetadata } from '../../src/instance/from-metadata.ts'
import type { InstanceData } from '../../src/instance/instance-data.ts'
import { DatasourceError, messageOf } from '../../src/machine/errors.ts'
import { isJsonObject, type Json, textAt } from '../../src/machine/json.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import type { Ec2Cloud } from './cloud.ts'
import { id } from './settings.ts'

/**
 * An instance by files instead of a metadata service: `meta-data` (YAML, in the names of EC2's metadata) and `user-data`
 * below seed/ec2. Both must be there.
 * @throws DatasourceError when meta-data is unusable: somebody put it there on purpose.
 */
export const readSeed = ({ machine, paths }: DatasourceContext, cloud: Ec2Cloud): InstanceData | undefined => {
  const folder = `${paths.cloud}/seed/ec2`
  const text = machine.files.readTextIfExists(`${folder}/meta-data`)
  const userData = machine.files.readBytesIfExists(`${folder}/user-data`)
  if (text === undefined || userData === undefined) return undefined
  const metadata = parse(`${folder}/meta-data`, text)
  if (!isJsonObject(metadata)) throw new DatasourceError(id, `${folder}/meta-data is not a mapping`)
  const instanceId = textAt(metadata, 'instance-id')
  if (instanceId === undefined) throw new DatasourceError(id, `${folder}/meta-data has no instance-id`)
  return {
    ...fromMetadata(metadata),
    instanceId,
    cloudName: cloud,
    platform: 'ec2',
    subplatform: `seed-dir (${folder})`,
    userData,
  }
}

const parse = (path: string, text: string): Json => {
  try {
    return parseYaml(text, path)
  } catch (error) {
    throw new DatasourceError(id, messageOf(error))
  }
}
