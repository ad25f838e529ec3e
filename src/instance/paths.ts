/** Where state lives. The names are cloud-init's: scripts rely on them. All are absolute, without a final slash. */
export interface Paths {
  /** `/var/lib/cloud` (system_info.paths.cloud_dir) */
  readonly cloud: string
  /** `/run/cloud-init` (system_info.paths.run_dir) */
  readonly run: string
  /** `/etc/cloud/templates` (system_info.paths.templates_dir) */
  readonly templates: string
}

export const defaultPaths: Paths = {
  cloud: '/var/lib/cloud',
  run: '/run/cloud-init',
  templates: '/etc/cloud/templates',
}

/** `/var/lib/cloud/instances/<id>`. The id is made safe for a file name: slashes become underscores, as cloud-init does. */
export const instanceFolder = (paths: Paths, instanceId: string): string =>
  `${paths.cloud}/instances/${instanceId.replaceAll('/', '_')}`

/** The link to the present instance's folder. */
export const instanceLink = (paths: Paths): string => `${paths.cloud}/instance`
