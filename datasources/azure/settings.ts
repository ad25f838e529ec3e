import { type JsonObject, objectAt } from '../../src/machine/json.ts'

/** `datasource.Azure` of the configuration. */
export interface AzureSettings {
  /** Where the copy of ovf-env.xml is kept for WALinuxAgent and later boots. */
  readonly dataFolder: string
  readonly applyNetworkConfig: boolean
  readonly secondaryAddresses: boolean
  readonly setName: boolean
  readonly skipReadyReport: boolean
  readonly failOnMissingCustomData: boolean
  /** Names by which disk_setup and mounts call disks. */
  readonly diskAliases: Readonly<Record<string, string>>
  /** Base of the metadata service: `http://169.254.169.254/metadata`. */
  readonly imdsUrl: string
  readonly imdsSeconds: number
  /** Host (and port) of the wire server; undefined: what DHCP says, or 168.63.129.16. */
  readonly wireServer: string | undefined
  /** For a whole exchange with the wire server, retries included. */
  readonly wireServerSeconds: number
  /** How long to try for a lease when the metadata service is needed for provisioning, and when it is not. */
  readonly dhcpSeconds: { readonly needed: number; readonly useful: number }
}

export const resourceDisk = '/dev/disk/cloud/azure_resource'

/**
 * cloud-init's keys with its defaults, and four of our own for tests, simulators and impatient images: `imds_url`,
 * `imds_timeout`, `wireserver_endpoint`, `wireserver_timeout`, `dhcp_timeout` (seconds). A value of the wrong type counts as absent.
 */
export const readSettings = (settings: JsonObject): AzureSettings => {
  const text = (key: string): string | undefined => {
    const value = settings[key]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const flag = (key: string, fallback: boolean): boolean => {
    const value = settings[key]
    return typeof value === 'boolean' ? value : fallback
  }
  const seconds = (key: string): number | undefined => {
    const value = settings[key]
    return typeof value === 'number' && value > 0 && value <= 86_400 ? value : undefined
  }
  const ownAliases = Object.entries(objectAt(settings, 'disk_aliases')).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  const dhcp = seconds('dhcp_timeout')
  return {
    dataFolder: (text('data_dir') ?? '/var/lib/waagent').replace(/(?<=.)\/+$/, ''),
    applyNetworkConfig: flag('apply_network_config', true),
    secondaryAddresses: flag('apply_network_config_for_secondary_ips', true),
    setName: flag('apply_network_config_set_name', true),
    skipReadyReport: flag('experimental_skip_ready_report', false),
    failOnMissingCustomData: flag('experimental_fail_on_missing_customdata', false),
    diskAliases: { ephemeral0: resourceDisk, ...Object.fromEntries(ownAliases) },
    imdsUrl: (text('imds_url') ?? 'http://169.254.169.254/metadata').replace(/\/+$/, ''),
    imdsSeconds: seconds('imds_timeout') ?? 300,
    wireServer: text('wireserver_endpoint'),
    wireServerSeconds: seconds('wireserver_timeout') ?? 1200,
    dhcpSeconds: { needed: dhcp ?? 1200, useful: dhcp ?? 300 },
  }
}
