import { messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { NetworkModel } from './model.ts'

/** Commands that make a running machine take up rendered configuration, by renderer. */
const activators: Readonly<Record<string, (names: readonly string[]) => readonly string[][]>> = {
  netplan: () => [['netplan', 'apply']],
  networkd: () => [['systemctl', 'restart', 'systemd-networkd', 'systemd-resolved']],
  'network-manager': (names) => [
    ['nmcli', 'connection', 'reload'],
    ...names.map((name) => ['nmcli', 'connection', 'up', `cloud-init ${name}`]),
  ],
  eni: (names) => names.map((name) => ['ifup', name]),
  sysconfig: (names) => names.map((name) => ['ifup', name]),
}

/**
 * Brings the links up by the tool that belongs to the renderer. Each command has a limit; one that fails is reported and
 * does not stop the others.
 */
export const activateNetwork = async (machine: Machine, renderer: string, model: NetworkModel): Promise<void> => {
  const names = model.links.filter(({ type }) => type !== 'loopback').map(({ name }) => name)
  for (const argv of activators[renderer]?.(names) ?? []) {
    try {
      await machine.run(argv, { timeoutSeconds: 120 })
    } catch (error) {
      machine.log.warning(`the network could not be brought up: ${messageOf(error)}`)
    }
  }
}
