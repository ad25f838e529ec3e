/**
 * How network config version 2 (netplan) calls the parameters of bonds and bridges, and how ifenslave and bridge-utils
 * do (netplan reference, "Properties for device type bonds/bridges"; interfaces-bond(5); bridge-utils-interfaces(5)).
 */
export const bondNames: readonly (readonly [netplan: string, ifenslave: string])[] = [
  ['ad-select', 'bond-ad-select'],
  ['all-slaves-active', 'bond-all-slaves-active'],
  ['arp-interval', 'bond-arp-interval'],
  ['arp-ip-targets', 'bond-arp-ip-target'],
  ['arp-validate', 'bond-arp-validate'],
  ['arp-all-targets', 'bond-arp-all-targets'],
  ['down-delay', 'bond-downdelay'],
  ['fail-over-mac-policy', 'bond-fail-over-mac'],
  ['lacp-rate', 'bond-lacp-rate'],
  ['mii-monitor-interval', 'bond-miimon'],
  ['min-links', 'bond-min-links'],
  ['mode', 'bond-mode'],
  ['gratuitous-arp', 'bond-num-grat-arp'],
  ['packets-per-slave', 'bond-packets-per-slave'],
  ['primary', 'bond-primary'],
  ['primary-reselect-policy', 'bond-primary-reselect'],
  ['up-delay', 'bond-updelay'],
  ['transmit-hash-policy', 'bond-xmit-hash-policy'],
]

export const bridgeNames: readonly (readonly [netplan: string, bridgeUtils: string])[] = [
  ['ageing-time', 'bridge_ageing'],
  ['priority', 'bridge_bridgeprio'],
  ['forward-delay', 'bridge_fd'],
  ['hello-time', 'bridge_hello'],
  ['max-age', 'bridge_maxage'],
  ['path-cost', 'bridge_pathcost'],
  ['port-priority', 'bridge_portprio'],
  ['stp', 'bridge_stp'],
]

/** Other spellings that documents use. */
export const bondAliases: Readonly<Record<string, string>> = {
  'gratuitious-arp': 'gratuitous-arp',
  'arp-ip-target': 'arp-ip-targets',
  'all-members-active': 'all-slaves-active',
  'packets-per-member': 'packets-per-slave',
  'learn-packet-interval': 'learn-packet-interval',
}

/** `bond_miimon`, `bond-xmit_hash_policy` -> `bond-miimon`, `bond-xmit-hash-policy`. */
export const dashed = (name: string): string => name.replaceAll('_', '-')

/** `bridge-fd` -> `bridge_fd` */
export const underscored = (name: string): string => name.replaceAll('-', '_')
