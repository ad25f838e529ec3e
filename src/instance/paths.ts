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

/**
 * `/var/lib/cloud/instances/<id>`. The id comes from metadata: slashes become underscores, as in cloud-init, and an id
 * that is no file name otherwise (`..`, control characters, too long) is made one, so that it never leads elsewhere.
 */
export const instanceFolder = (paths: Paths, instanceId: string): string => {
  const name = instanceId.replaceAll(/[/\p{Cc}]/gu, '_')
  const fitting = Buffer.byteLength(name) <= longestName ? name : name.slice(0, longestName / 4)
  return `${paths.cloud}/instances/${/^\.{0,2}$/.test(fitting) ? `_${fitting}` : fitting}`
}

/** Bytes in a file name that file systems take; a character has at most four. */
const longestName = 252

/** The link to the present instance's folder. */
export const instanceLink = (paths: Paths): string => `${paths.cloud}/instance`
