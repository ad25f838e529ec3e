import { readCachedInstance } from '../instance/instance-cache.ts'
import { instanceLink } from '../instance/paths.ts'
import type { JsonObject } from '../machine/json.ts'
import type { LogRecord } from '../machine/log.ts'
import type { Machine } from '../machine/machine.ts'
import { planMachine } from '../machine/plan.ts'
import type { NetworkSource } from '../network/choose-source.ts'
import { chooseNetworkConfig } from './configure-network.ts'
import { openBoot } from './open-boot.ts'

/** The network config that is in force on a machine, and what is made of it there. */
export interface CurrentNetwork {
  /** Who said it: `the kernel command line`, `the datasource NoCloud`, ... undefined: nobody, nothing is configured. */
  readonly source: string | undefined
  /** undefined: the network is not to be configured. */
  readonly config: JsonObject | undefined
  readonly renderer: string
  readonly distro: string
  /** What the datasource said may not be read by this user: the answer is worth little. */
  readonly isHidden: boolean
}

/**
 * Finds out where a boot would take the network config from, in the order that a boot has. Nothing is written, and no
 * cloud is asked: what the datasource said last counts.
 *
 * @param records what the machine's log has said; grows
 */
export const currentNetwork = async (
  base: Machine,
  records: readonly LogRecord[],
  shippedConfig?: string,
): Promise<CurrentNetwork> => {
  const boot = await openBoot({
    machine: planMachine(base),
    records,
    ...(shippedConfig !== undefined && { shippedConfig }),
  })
  const cached = readCachedInstance(boot.machine, boot.paths)
  const chosen = await chooseNetworkConfig(boot, cached)
  return {
    source: chosen && describe(chosen.source, cached?.datasource),
    config: chosen?.config,
    renderer: boot.renderer(),
    distro: boot.distro.id,
    isHidden: cached === undefined && base.files.exists(instanceLink(boot.paths)) && base.userId !== 0,
  }
}

const describe = (source: NetworkSource, datasource = 'None'): string => {
  const names: Readonly<Record<NetworkSource, string>> = {
    cmdline: 'the kernel command line',
    initramfs: 'the initramfs',
    system_cfg: 'the configuration of the image',
    ds: `the datasource ${datasource}`,
    fallback: 'nobody (DHCP on the most promising interface)',
  }
  return names[source]
}
