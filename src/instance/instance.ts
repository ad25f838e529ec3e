import type { JsonObject } from '../machine/json.ts'
import type { InstanceData } from './instance-data.ts'

/** The instance this machine is: what modules see of cloud and metadata. */
export interface Instance {
  readonly id: string
  /** Datasource id as in datasource_list: `Ec2`, `NoCloud`, `None`. */
  readonly datasource: string
  /** As it stands in status.json: `DataSourceNoCloud [seed=/var/lib/cloud/seed/nocloud]`. */
  readonly description?: string
  readonly data: InstanceData
  /** `/var/lib/cloud/instances/<id>` */
  readonly folder: string
  /** Short host name by metadata; undefined when the metadata has none. */
  readonly hostname?: string
  /** Fully qualified host name by metadata; undefined when the metadata has none. */
  readonly fqdn?: string
  /** True during the first boot of this instance id. */
  readonly isNew: boolean
  /** Variables for templates: instance-data-sensitive.json with cloud-init's `v1` keys and underscore aliases. */
  readonly variables: JsonObject
}
