import type { JsonObject } from '../machine/json.ts'
import { objectAt } from '../machine/json.ts'
import type { Machine } from '../machine/machine.ts'

/** What must be installed for a network renderer to have an effect, in cloud-init's order of preference. */
const signs: readonly (readonly [renderer: string, isThere: (machine: Machine) => boolean])[] = [
  ['eni', (machine) => machine.which('ifup') !== undefined && machine.files.exists('/etc/network/interfaces')],
  ['netplan', (machine) => machine.which('netplan') !== undefined],
  [
    'network-manager',
    (machine) =>
      machine.which('nmcli') !== undefined || machine.files.exists('/etc/NetworkManager/NetworkManager.conf'),
  ],
  ['networkd', (machine) => machine.which('networkctl') !== undefined],
  [
    'sysconfig',
    (machine) => machine.files.exists('/etc/sysconfig/network-scripts') || machine.which('wicked') !== undefined,
  ],
]

/**
 * The renderer this machine will use: the first of system_info.network.renderers that is installed, else the first that
 * is installed at all, else netplan.
 */
export const chooseRenderer = (machine: Machine, systemInfo: JsonObject): string => {
  const wanted = objectAt(systemInfo, 'network')['renderers']
  const all = signs.map(([name]) => name)
  const isThere = (name: string): boolean => signs.find(([known]) => known === name)?.[1](machine) ?? false
  const order = Array.isArray(wanted) ? [...wanted.map(String), ...all] : all
  return order.find(isThere) ?? 'netplan'
}
