import type { Log } from '../../src/machine/log.ts'
import type { DatasourceContext } from '../../src/platform/datasource.ts'
import { readSettings } from '../../src/platform/settings.ts'

export const id = 'Ec2'

export interface Ec2Settings {
  /** Addresses of the metadata service, without a final slash. */
  readonly addresses: readonly string[]
  /** For the service to answer at all. 0 or less switches the datasource off. */
  readonly maxWaitSeconds: number
  readonly timeoutSeconds: number
  /** What to do on a cloud that is not known to speak EC2's protocol. */
  readonly strictId: 'true' | 'false' | 'warn'
  /** Configure all interfaces by the metadata, not only the one by which it was read. */
  readonly fullNetwork: boolean
}

export const usualAddresses: readonly string[] = ['http://169.254.169.254', 'http://[fd00:ec2::254]']

export const ec2Settings = ({ settings, machine }: DatasourceContext): Ec2Settings => {
  const read = readSettings(id, settings, machine.log)
  return {
    addresses: read.urls('metadata_urls', usualAddresses),
    // A negative number is as good as 0 here.
    maxWaitSeconds: read.number('max_wait', 240),
    timeoutSeconds: read.number('timeout', 50, 0.1),
    strictId: strictIdOf(settings['strict_id'], machine.log),
    fullNetwork: read.boolean('apply_full_imds_network_config', true),
  }
}

/** `true`, `false`, or `warn`, perhaps with `,SECONDS` that tell how long to show the warning. */
const strictIdOf = (value: unknown, log: Log): Ec2Settings['strictId'] => {
  const mode = value === undefined || value === null ? 'warn' : String(value).split(',', 1)[0]?.trim().toLowerCase()
  if (mode === 'true' || mode === 'false' || mode === 'warn') return mode
  log.warning(`datasource.${id}.strict_id: true, false or warn is expected; warn is used`)
  return 'warn'
}
