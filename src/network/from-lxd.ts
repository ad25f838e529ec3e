import { parseYaml } from '../cloudconfig/yaml.ts'
import { isJsonObject, type Json, type JsonObject } from '../machine/json.ts'

export interface LxdFacts {
  /** The interface that DHCP would be asked on; undefined when this machine has none. */
  readonly fallbackNic?: string | undefined
  /** What systemd-detect-virt says: `lxc`, `kvm`, `qemu`; undefined when it is not there. */
  readonly virtualisation?: string | undefined
  /** uname -m */
  readonly machine?: string | undefined
}

/**
 * The user's network config of an LXD instance, or DHCP on its first interface.
 * @param networkConfig a mapping, or YAML text, of `cloud-init.network-config`
 */
export const networkFromLxd = (networkConfig: Json | undefined, facts: LxdFacts): JsonObject => {
  const given = typeof networkConfig === 'string' ? parseYaml(networkConfig, 'network-config') : networkConfig
  if (isJsonObject(given) && Object.keys(given).length > 0) return given
  const name = facts.fallbackNic ?? usualName(facts)
  return { version: 1, config: [{ type: 'physical', name, subnets: [{ type: 'dhcp', control: 'auto' }] }] }
}

/** How the first interface of LXD's images is called: by the bus of its virtual machines, or eth0 in containers. */
const usualName = ({ virtualisation, machine }: LxdFacts): string => {
  if (virtualisation !== 'kvm' && virtualisation !== 'qemu') return 'eth0'
  if (machine === 'ppc64le') return 'enp0s5'
  return machine === 's390x' ? 'enc9' : 'enp5s0'
}
